#include "learn/training_flops.h"

#include <numeric>

namespace recto {
namespace {

/// Weights of the linear layers of one text layer.
double layer_weights(const TextConfig& text) {
  const double width = text.hidden_size;
  const double queries = static_cast<double>(text.num_attention_heads) * text.head_dim;
  const double keys = static_cast<double>(text.num_key_value_heads) * text.head_dim;
  return width * (2 * queries + 2 * keys) + 3 * width * text.intermediate_size;
}

/// Scores and mixing of all layers; a token sees itself and what stands before it.
double attention_flops(const TextConfig& text, std::span<const int64_t> lengths) {
  const double queries = static_cast<double>(text.num_attention_heads) * text.head_dim;
  double pairs = 0;
  for (const int64_t length : lengths) {
    pairs += static_cast<double>(length) * static_cast<double>(length + 1) / 2;
  }
  return 4 * queries * pairs * text.num_hidden_layers;
}

double linear_flops(const TextConfig& text, std::span<const int64_t> lengths) {
  const auto tokens =
      static_cast<double>(std::accumulate(lengths.begin(), lengths.end(), int64_t{0}));
  return 2 * tokens * layer_weights(text) * text.num_hidden_layers;
}

/// Of a LoRA of `rank` on the seven linear layers, for one token, forward.
double lora_token_flops(const TextConfig& text, int rank) {
  const double width = text.hidden_size;
  const double queries = static_cast<double>(text.num_attention_heads) * text.head_dim;
  const double keys = static_cast<double>(text.num_key_value_heads) * text.head_dim;
  // Inputs and outputs of q, k, v, o, gate, up and down.
  const double sides =
      2 * (width + queries) + 2 * (width + keys) + 3 * (width + text.intermediate_size);
  return 2 * rank * sides * text.num_hidden_layers;
}

}  // namespace

double vision_view_flops(const ModelConfig& config) {
  const VisionConfig& v = config.vision;
  const double patches = static_cast<double>(v.patches_per_side()) * v.patches_per_side();
  const double width = v.hidden_size;
  const double layer = 2 * patches * (4 * width * width + 2 * width * v.intermediate_size) +
                       4 * patches * patches * width;
  const double embedding = 2 * patches * width * 3 * v.patch_size * v.patch_size;
  const double connector = 2 * patches * width * config.text.hidden_size;
  return layer * v.num_hidden_layers + embedding + connector;
}

double text_step_flops(const ModelConfig& config, std::span<const int64_t> lengths, int lora_rank,
                       bool weights_trained, bool chunked) {
  const auto tokens =
      static_cast<double>(std::accumulate(lengths.begin(), lengths.end(), int64_t{0}));
  const double linear = linear_flops(config.text, lengths);
  const double attention = attention_flops(config.text, lengths);
  const double lora = lora_rank > 0 ? tokens * lora_token_flops(config.text, lora_rank) : 0;
  const double forward = linear + attention + lora;
  const double backward = linear * (weights_trained ? 2 : 1) + 2 * attention + 2 * lora;
  return forward * (chunked ? 2 : 1) + backward;
}

}  // namespace recto
