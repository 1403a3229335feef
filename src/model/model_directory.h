#pragma once
// A model directory, opened: everything but arithmetic.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "model/adapter.h"
#include "model/config.h"
#include "model/contract.h"
#include "model/input.h"
#include "model/sparse_head.h"
#include "model/tokenizer.h"
#include "model/weights.h"

namespace recto {

/// What a caller may set differently from the contract; each makes another contract (and hash).
struct ContractOverrides {
  std::optional<int> longest_edge;
  std::optional<int> second_edge;  ///< 0: none
  std::optional<bool> image_splitting;
  std::optional<PositionIds> position_ids;
  std::optional<ResampleOrder> resample_order;
};

/// Not copyable; shared by pointer. Immutable after opening, thread-safe.
class ModelDirectory {
 public:
  /// Opens a Hugging Face checkpoint directory, with the PEFT adapter in the directory `adapter`
  /// merged into its weights if one is named, else with its own (Contract::adapter) if it keeps one
  /// apart. Without a retriever.json the default contract is taken and said so on stderr; the
  /// retriever.json of an adapter goes before that of the model. Throws Error(kMismatch) when the
  /// contract, the processor files, the tokenizer and the configuration disagree, or when the
  /// weights are not those that retriever.json was written for, which is looked at when a weights
  /// file is newer than retriever.json, or always with `verify_weights`, or when the adapter was
  /// trained on other weights, if it says on which; Error(kUsage) for overrides that cannot be
  /// meant. The contract's weights_sha256 is never empty: without a retriever.json it is computed,
  /// and with an adapter it is the SHA-256 of "BASE+ADAPTER", the hash of the base weights and
  /// adapter_sha256(). See docs/decisions/0004-weights-hash.md.
  static std::shared_ptr<const ModelDirectory> open(const std::filesystem::path& path,
                                                    const ContractOverrides& overrides = {},
                                                    const std::filesystem::path& adapter = {},
                                                    bool verify_weights = false);
  /// The same, but weights() are those of the base, and adapter() is what is to be merged.
  static std::shared_ptr<const ModelDirectory> open_unmerged(const std::filesystem::path& path,
                                                             const ContractOverrides& overrides,
                                                             const std::filesystem::path& adapter);

  const std::filesystem::path& path() const { return path_; }
  const ModelConfig& config() const { return config_; }
  const Contract& contract() const { return contract_; }
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const Weights& weights() const { return weights_; }
  const InputBuilder& inputs() const { return *inputs_; }
  bool has_own_contract() const { return has_own_contract_; }
  /// Whether the directory keeps an adapter apart from its weights.
  bool has_own_adapter() const { return has_own_adapter_; }
  /// What open_unmerged() kept apart.
  const std::optional<Adapter>& adapter() const { return adapter_; }
  /// Of a model whose contract has a sparse output.
  const std::optional<SparseHead>& sparse_head() const { return sparse_head_; }
  /// Of the weights without the adapter; without one, the contract's weights_sha256.
  const std::string& base_weights_sha256() const { return base_weights_sha256_; }

 private:
  enum class Merge { kYes, kNo };
  static std::shared_ptr<const ModelDirectory> open(const std::filesystem::path& path,
                                                    const ContractOverrides& overrides,
                                                    const std::filesystem::path& adapter,
                                                    bool verify_weights, Merge merge);
  void read_sparse_head_of(const std::filesystem::path& adapter);
  void read_adapter_of(const std::filesystem::path& directory, const std::string& trained_on);

  ModelDirectory() = default;
  std::filesystem::path path_;
  ModelConfig config_;
  Contract contract_;
  std::unique_ptr<Tokenizer> tokenizer_;
  Weights weights_;
  std::unique_ptr<InputBuilder> inputs_;
  std::optional<Adapter> adapter_;
  std::optional<SparseHead> sparse_head_;
  std::string base_weights_sha256_;
  bool has_own_contract_ = false;
  bool has_own_adapter_ = false;
};

/// Writes the processor, tokenizer and configuration files of `from` into the new directory `to`
/// with `weights` (as fp32, fp16 or bf16, or each in its own type) and `contract`: a complete model
/// directory that transformers loads. The contract's weights_sha256 is set from what is written,
/// the processor files say what the contract says. With lm_head.weight (or tied embeddings) the
/// names and the architecture are those of ...ForConditionalGeneration, else those of the bare
/// model. With a sparse output in the contract, the sparse head of `from` is written too. Throws
/// Error(kUsage) when `to` exists; a failure leaves nothing.
void write_model_directory(const ModelDirectory& from, const Weights& weights,
                           std::optional<DType> dtype, Contract contract,
                           const std::filesystem::path& to);

}  // namespace recto
