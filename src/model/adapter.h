#pragma once
// LoRA, rsLoRA and DoRA adapters in PEFT's layout: read, checked, merged, written.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/contract.h"
#include "model/weights.h"

namespace recto {

/// One adapted linear layer.
struct AdapterModule {
  int rank = 0;
  double scale = 0;              ///< alpha / r, or alpha / sqrt(r) for rsLoRA
  std::vector<float> a;          ///< [rank, in]
  std::vector<float> b;          ///< [out, rank]
  std::vector<float> magnitude;  ///< [out] for DoRA, else empty
};

struct Adapter {
  /// By canonical module path, e.g. "text_model.layers.0.self_attn.q_proj".
  std::map<std::string, AdapterModule> modules;
  Json config;  ///< adapter_config.json as read
};

/// Reads `directory`/adapter_config.json and adapter_model.safetensors. Throws Error(kBadInput |
/// kUnsupported) naming the key for anything that would not be applied exactly: unknown tensors,
/// A without B, shapes that do not fit `config`, values that are NaN or infinite, kinds of PEFT
/// other than LoRA, target_modules that match other modules than the file holds.
Adapter read_adapter(const std::filesystem::path& directory, const ModelConfig& config);

/// W + scale * B A (LoRA) or magnitude * (W + scale * B A) / ||.||_row (DoRA) in fp32, in place.
/// The same on every machine. Throws Error(kUnsupported) for an adapted head the weights lack.
void merge_adapter(Weights& weights, const Adapter& adapter);

/// Modules of the model that a PEFT `target_modules` value selects: a string is a regular
/// expression that must match the whole path, a list are suffixes. Paths are tried in the naming
/// of the bare model, then with `model.` before them; canonical paths come back, sorted. Throws
/// Error(kBadInput) when nothing matches.
std::vector<std::string> match_modules(const Json& target_modules, const ModelConfig& config);

/// What adapter_config.json says of a new adapter; the same for all its modules.
struct LoraOptions {
  int r = 16;
  double alpha = 32;
  double dropout = 0;  ///< of training; recorded only
  bool use_rslora = false;
  bool use_dora = false;
  std::string init = "";   ///< "" is PEFT's own (kaiming A, zero B), or "gaussian"
  Json target_modules;     ///< as match_modules takes it
  std::string base_model;  ///< name or path that PEFT will load the base from
};

/// adapter_config.json with only the keys every version of PEFT since 0.9 reads.
Json lora_config(const LoraOptions& options);

/// A new directory with adapter_model.safetensors (fp32, the bare model's keys),
/// adapter_config.json (adapter.config) and README.md, as PEFT lays them out, and, for recto, the
/// `contract` it was trained under in retriever.json. Throws Error(kUsage) when `directory` exists,
/// and what read_adapter would throw for such files.
void write_adapter(const Adapter& adapter, const ModelConfig& config, const Contract& contract,
                   const std::filesystem::path& directory);

/// The contract an adapter was trained under: its retriever.json, which adapters of other tools
/// have not. Throws as Contract::from_json.
std::optional<Contract> read_adapter_contract(const std::filesystem::path& directory);

/// SHA-256 over what decides the merged weights: for each module, sorted by path, its path, NUL,
/// rank, scale, A, B and magnitude.
std::string adapter_sha256(const Adapter& adapter);

/// weights_sha256 of base weights with that hash and `adapter` merged: see
/// docs/decisions/0004-weights-hash.md.
std::string adapted_weights_sha256(const std::string& base, const Adapter& adapter);

}  // namespace recto
