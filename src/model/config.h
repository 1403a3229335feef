#pragma once
// config.json of a SmolVLM / Idefics3 checkpoint: the sizes of the two towers.

#include <filesystem>
#include <string>

#include "base/json.h"
#include "model/tensor.h"

namespace recto {

/// SigLIP vision tower.
struct VisionConfig {
  int hidden_size = 0;
  int intermediate_size = 3072;
  int num_hidden_layers = 12;
  int num_attention_heads = 16;
  int image_size = 0;  ///< side of a tile in pixels
  int patch_size = 0;
  double layer_norm_eps = 1e-6;

  int patches_per_side() const { return image_size / patch_size; }
  int head_dim() const { return hidden_size / num_attention_heads; }
};

/// Llama text model.
struct TextConfig {
  int vocab_size = 0;
  int hidden_size = 0;
  int intermediate_size = 0;
  int num_hidden_layers = 0;
  int num_attention_heads = 0;
  int num_key_value_heads = 0;
  int head_dim = 0;
  double rms_norm_eps = 0;
  double rope_theta = 0;
  int max_position_embeddings = 0;
};

struct ModelConfig {
  std::string model_type;     ///< "idefics3" or "smolvlm"
  std::string architecture;   ///< first of "architectures", may be empty
  DType dtype = DType::kF32;  ///< what the file declares; the tensors themselves decide
  int scale_factor = 0;       ///< pixel shuffle: scale_factor^2 patches make one visual token
  int image_token_id = 0;
  bool tie_word_embeddings = false;
  VisionConfig vision;
  TextConfig text;

  /// Visual tokens of one tile: (patches_per_side / scale_factor)^2.
  int image_seq_len() const;
};

/// Reads 4.x and 5.x configurations by the rules of transformers 5.23's classes; refuses (Error
/// kBadInput naming the key) a missing rope_theta, rms_norm_eps or size, sizes that do not divide,
/// an unknown model type and anything the forward pass does not do (qk_layer_norms, biases in the
/// text model, other activations, rope scaling).
ModelConfig parse_model_config(const Json& json, const std::string& where);
ModelConfig read_model_config(const std::filesystem::path& model_directory);

}  // namespace recto
