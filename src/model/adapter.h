#pragma once
// LoRA, rsLoRA and DoRA adapters in PEFT's layout: read, checked, merged, written.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/weights.h"

namespace recto {

/// One adapted linear layer.
struct AdapterModule {
  int rank = 0;
  double scale = 0;                ///< alpha / r, or alpha / sqrt(r) for rsLoRA
  std::vector<float> a;            ///< [rank, in]
  std::vector<float> b;            ///< [out, rank]
  std::vector<float> magnitude;    ///< [out] for DoRA, else empty
};

struct Adapter {
  std::map<std::string, AdapterModule> modules;  ///< by canonical module path, e.g. text_model.layers.0.self_attn.q_proj
  Json config;                                   ///< adapter_config.json as read
};

/// Reads `directory`/adapter_config.json and adapter_model.safetensors. Throws Error(kBadInput |
/// kUnsupported) naming the key for anything that would not be applied exactly: unknown tensors,
/// A without B, shapes that do not fit `config`, kinds of PEFT other than LoRA, target_modules
/// that match other modules than the file holds.
Adapter read_adapter(const std::filesystem::path& directory, const ModelConfig& config);

/// W + scale * B A (LoRA) or magnitude * (W + scale * B A) / ||.||_row (DoRA) in fp32, in place.
void merge_adapter(Weights& weights, const Adapter& adapter);

/// Modules of the model that a PEFT `target_modules` value selects: a string is a regular
/// expression that must match the whole path, a list are suffixes. Throws Error(kBadInput) when
/// nothing matches.
std::vector<std::string> match_modules(const Json& target_modules, const ModelConfig& config);

}  // namespace recto
