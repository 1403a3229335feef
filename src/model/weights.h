#pragma once
// The weights of a checkpoint directory: found, checked against the configuration, named the same
// whatever file layout they came in.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/tensor.h"

namespace recto {

class SafetensorsFile;

/// Name and shape of every tensor a model of this configuration has, without the `model.` prefix
/// ("vision_model.embeddings.patch_embedding.weight" ... "text_model.norm.weight"), without the
/// optional lm_head.weight. [names as transformers' Idefics3Model]
std::map<std::string, std::vector<int64_t>> expected_tensors(const ModelConfig& config);

/// Whether a tensor (or layer) of that canonical name is of the vision tower or the connector.
bool is_vision_tensor(const std::string& name);

/// The canonical (bare) name of a tensor in any of the layouts files come in: with `model.` before
/// it, or as MLX writes it (`language_model.model.`, `language_model.lm_head.`). Other names come
/// back as they are.
std::string canonical_tensor_name(const std::string& name);

/// All tensors of a checkpoint by canonical (bare) name, memory-mapped. Copies share the mapping.
class Weights {
 public:
  /// Loads model.safetensors or the shards of model.safetensors.index.json. Accepts names with
  /// and without `model.` and the MLX layout. Throws Error(kBadInput | kNotFound) naming the
  /// tensor that is missing, surplus, misshapen or of a dtype other than fp32, fp16, bf16. Buffers
  /// that older versions of transformers saved and that the sizes determine (rotary inv_freq,
  /// position_ids) are left out.
  static Weights load(const std::filesystem::path& model_directory, const ModelConfig& config);

  /// Throws Error(kNotFound).
  const TensorView& at(const std::string& name) const;
  /// The same with the file it was loaded from and its name there. Values are not looked at when a
  /// model is opened: who reads a tensor for arithmetic calls check_finite() on it first.
  PlacedTensor placed(const std::string& name) const;
  bool contains(const std::string& name) const { return tensors_.count(name) != 0; }
  /// Sorted by canonical name; lm_head.weight is among them if the file has it.
  const std::map<std::string, TensorView>& tensors() const { return tensors_; }
  /// The files they were loaded from.
  const std::vector<std::filesystem::path>& files() const { return files_; }

  /// Puts an fp32 tensor in place of one of the same shape (merged adapters).
  void replace(const std::string& name, std::vector<float> values);

  /// SHA-256 over the tensors sorted by canonical name: name, NUL, dtype name, NUL, shape as
  /// shape_text, NUL, bytes; so sharding and prefixes do not change it. Reads every byte, but keeps
  /// none in memory.
  std::string sha256() const;

 private:
  friend class WeightsLoader;
  void release(std::span<const std::byte> bytes) const;

  std::vector<std::shared_ptr<const SafetensorsFile>> sources_;
  std::vector<std::shared_ptr<const void>> owners_;  ///< of tensors that are in no file
  std::map<std::string, TensorView> tensors_;
  std::vector<std::filesystem::path> files_;
  std::map<std::string, std::string> places_;  ///< of each tensor: file and name in it
};

}  // namespace recto
