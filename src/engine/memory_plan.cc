#include "engine/memory_plan.h"

#include "engine/kernels.h"

namespace recto {
namespace {

uint64_t floats(int64_t count) { return static_cast<uint64_t>(count) * sizeof(float); }

}  // namespace

uint64_t vision_weight_bytes(const ModelConfig& config) {
  const VisionConfig& v = config.vision;
  const int64_t e = v.hidden_size;
  const int64_t patches = static_cast<int64_t>(v.patches_per_side()) * v.patches_per_side();
  const int64_t layer = 4 * e * e + 2 * e * v.intermediate_size;
  const int64_t shuffled = e * config.scale_factor * config.scale_factor;
  return floats(v.num_hidden_layers * layer + 3 * e * v.patch_size * v.patch_size + patches * e +
                shuffled * config.text.hidden_size);
}

uint64_t text_weight_bytes(const ModelConfig& config) {
  const TextConfig& t = config.text;
  const int64_t h = t.hidden_size;
  const int64_t heads = 2 * t.num_attention_heads + 2 * t.num_key_value_heads;
  const int64_t layer = heads * t.head_dim * h + 3 * h * t.intermediate_size;
  return floats(t.num_hidden_layers * layer);
}

uint64_t vision_workspace_bytes(const ModelConfig& config) {
  const VisionConfig& v = config.vision;
  const int64_t patches = static_cast<int64_t>(v.patches_per_side()) * v.patches_per_side();
  const int64_t row = 3 * v.patch_size * v.patch_size + 6 * v.hidden_size + v.intermediate_size;
  return floats(patches * row + attention_scratch_floats(patches, v.head_dim()));
}

uint64_t text_workspace_bytes(const ModelConfig& config, int64_t tokens, int64_t longest) {
  const TextConfig& t = config.text;
  const int64_t heads = 2 * t.num_attention_heads + 2 * t.num_key_value_heads;
  const int64_t row = 2 * t.hidden_size + heads * t.head_dim + 3 * t.intermediate_size;
  return floats(tokens * row + attention_scratch_floats(longest, t.head_dim));
}

uint64_t feature_bytes(const ModelConfig& config, int64_t views) {
  return floats(views * config.image_seq_len() * config.text.hidden_size);
}

}  // namespace recto
