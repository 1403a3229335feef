#include "engine/text_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/mapped_pages.h"
#include "engine/kernels.h"
#include "engine/matmul.h"
#include "engine/residual.h"
#include "engine/team.h"

namespace recto {
namespace {

// Operations an element, for the choice of threads.
constexpr int64_t kSiluCost = 20;

constexpr const char* kEmbedding = "text_model.embed_tokens.weight";

int64_t longest(std::span<const TextSequence> sequences) {
  size_t tokens = 0;
  for (const TextSequence& sequence : sequences) tokens = std::max(tokens, sequence.ids.size());
  return static_cast<int64_t>(tokens);
}

int64_t total(std::span<const TextSequence> sequences) {
  size_t tokens = 0;
  for (const TextSequence& sequence : sequences) tokens += sequence.ids.size();
  return static_cast<int64_t>(tokens);
}

void show_rope(const RopeTable& rope, int64_t tokens, const Probe& probe) {
  // transformers keeps each value twice, once for each half of the head.
  const int64_t half = rope.half();
  std::vector<float> cosine;
  std::vector<float> sine;
  for (int64_t t = 0; t < tokens; ++t) {
    for (int copy = 0; copy < 2; ++copy) {
      cosine.insert(cosine.end(), rope.cosine(t), rope.cosine(t) + half);
      sine.insert(sine.end(), rope.sine(t), rope.sine(t) + half);
    }
  }
  probe("rope_cos", tokens, 2 * half, cosine.data(), 2 * half);
  probe("rope_sin", tokens, 2 * half, sine.data(), 2 * half);
}

// The table stays in the file and is read row by row, so it is looked through here.
void check_embedding(const Weights& weights) {
  const PlacedTensor table = weights.placed(kEmbedding);
  check_finite(table);
  release_mapped_pages(table.view.bytes);
}

}  // namespace

TextModel::TextModel(const ModelConfig& config, bool causal, const Weights& weights, int threads)
    : config_(config.text),
      image_token_id_(config.image_token_id),
      weights_(weights),
      attention_{config_.num_attention_heads, config_.num_key_value_heads, config_.head_dim,
                 causal} {
  if (weights.contains("lm_head.weight")) {
    head_name_ = "lm_head.weight";
  } else if (config.tie_word_embeddings) {
    head_name_ = kEmbedding;
  }
  const auto linear = [&](const std::vector<std::string>& names) {
    std::vector<PlacedTensor> matrices;
    matrices.reserve(names.size());
    for (const std::string& name : names) matrices.push_back(weights.placed(name + ".weight"));
    return Linear(matrices, {});
  };
  std::vector<Linear*> linears;
  layers_.resize(static_cast<size_t>(config_.num_hidden_layers));
  for (size_t i = 0; i < layers_.size(); ++i) {
    const std::string at = fmt::format("text_model.layers.{}.", i);
    const std::string attn = at + "self_attn.";
    Layer& layer = layers_[i];
    layer.input_norm = weight_vector(weights.placed(at + "input_layernorm.weight"));
    layer.post_norm = weight_vector(weights.placed(at + "post_attention_layernorm.weight"));
    layer.qkv = linear({attn + "q_proj", attn + "k_proj", attn + "v_proj"});
    layer.out = linear({attn + "o_proj"});
    layer.gate_up = linear({at + "mlp.gate_proj", at + "mlp.up_proj"});
    layer.down = linear({at + "mlp.down_proj"});
    linears.insert(linears.end(), {&layer.qkv, &layer.out, &layer.gate_up, &layer.down});
  }
  norm_ = weight_vector(weights.placed("text_model.norm.weight"));
  check_embedding(weights);
  packed_ = pack_linears(linears, threads);
}

void TextModel::embed(std::span<const TextSequence> sequences, int64_t bucket, Workspace& w) const {
  const TensorView& table = weights_.at(kEmbedding);
  float* row = w.states.reserve(bucket * hidden());
  float* const end = row + bucket * hidden();
  for (const TextSequence& sequence : sequences) {
    const float* feature = sequence.features;
    for (const int32_t id : sequence.ids) {
      if (id == image_token_id_ && feature != nullptr) {
        std::copy_n(feature, hidden(), row);
        feature += hidden();
      } else {
        convert_to_float(table, id * hidden(), hidden(), row);
      }
      row += hidden();
    }
  }
  // Rows that only fill the bucket: zero stays zero through every layer.
  std::fill(row, end, 0.0f);
}

void TextModel::normalize(const std::vector<float>& weight, int64_t rows, Workspace& w) const {
  const int64_t width = hidden();
  const float* const states = w.states.data();
  float* const normed = w.normed.reserve(rows * width);
  const auto eps = static_cast<float>(config_.rms_norm_eps);
  team_rows(w.threads, rows, kNormCost * width, [&](int64_t first, int64_t count) {
    kernels().rms_norm(states + first * width, weight.data(), eps, count, width,
                       normed + first * width);
  });
}

void TextModel::attend(const Layer& layer, const std::string& name,
                       std::span<const TextSequence> sequences, const RopeTable& rope,
                       int64_t bucket, Workspace& w, const Probe& probe) const {
  normalize(layer.input_norm, bucket, w);
  const int64_t row = attention_.row();
  float* const qkv = w.projected.reserve(bucket * row);
  layer.qkv.apply(w.normed.data(), bucket, qkv, Epilogue::kStore, w.threads, w.scratchpad);
  if (probe) {
    const int64_t rows = total(sequences);
    const int64_t q = attention_.output_row();
    const int64_t kv = static_cast<int64_t>(attention_.kv_heads) * attention_.head_dim;
    probe(name + ".input_layernorm", rows, hidden(), w.normed.data(), hidden());
    probe(name + ".self_attn.q_proj", rows, q, qkv, row);
    probe(name + ".self_attn.k_proj", rows, kv, qkv + q, row);
    probe(name + ".self_attn.v_proj", rows, kv, qkv + q + kv, row);
  }
  float* const attended = w.attended.reserve(bucket * attention_.output_row());
  const int64_t rotated = attention_.heads + attention_.kv_heads;
  int64_t first = 0;
  for (const TextSequence& sequence : sequences) {
    const auto tokens = static_cast<int64_t>(sequence.ids.size());
    float* const part = qkv + first * row;
    team_rows(w.threads, tokens, 6 * row, [&](int64_t begin, int64_t count) {
      for (int64_t t = begin; t < begin + count; ++t) {
        kernels().rotate_half(part + t * row, rotated, attention_.head_dim, rope.cosine(t),
                              rope.sine(t));
      }
    });
    attention(attention_, part, tokens, attended + first * attention_.output_row(), w);
    first += tokens;
  }
  std::fill(attended + first * attention_.output_row(), attended + bucket * attention_.output_row(),
            0.0f);
  add_residual(layer.out, attended, bucket, w, name + ".self_attn", probe, first);
}

void TextModel::feed_forward(const Layer& layer, const std::string& name, int64_t rows,
                             int64_t bucket, Workspace& w, const Probe& probe) const {
  normalize(layer.post_norm, bucket, w);
  const int64_t width = layer.down.inputs();
  float* const gate_up = w.hidden.reserve(bucket * 2 * width);
  layer.gate_up.apply(w.normed.data(), bucket, gate_up, Epilogue::kStore, w.threads, w.scratchpad);
  if (probe) {
    probe(name + ".post_attention_layernorm", rows, hidden(), w.normed.data(), hidden());
    probe(name + ".mlp.gate_proj", rows, width, gate_up, 2 * width);
    probe(name + ".mlp.up_proj", rows, width, gate_up + width, 2 * width);
  }
  float* const gated = w.gated.reserve(bucket * width);
  team_rows(w.threads, bucket, kSiluCost * width, [&](int64_t first, int64_t count) {
    kernels().silu_gate(gate_up + first * 2 * width, count, width, gated + first * width);
  });
  add_residual(layer.down, gated, bucket, w, name + ".mlp", probe, rows);
}

const float* TextModel::run(std::span<const TextSequence> sequences, Workspace& w,
                            const Probe& probe) const {
  const int64_t rows = total(sequences);
  const int64_t bucket = bucket_rows(rows);
  RopeTable rope(config_.rope_theta, config_.head_dim);
  rope.reserve(longest(sequences));
  embed(sequences, bucket, w);
  if (probe) {
    probe("inputs_embeds", rows, hidden(), w.states.data(), hidden());
    show_rope(rope, rows, probe);
  }
  for (size_t i = 0; i < layers_.size(); ++i) {
    const std::string name = fmt::format("text_model.layers.{}", i);
    attend(layers_[i], name, sequences, rope, bucket, w, probe);
    feed_forward(layers_[i], name, rows, bucket, w, probe);
    if (probe) probe(name, rows, hidden(), w.states.data(), hidden());
  }
  normalize(norm_, bucket, w);
  if (probe) probe("last_hidden_state", rows, hidden(), w.normed.data(), hidden());
  return w.normed.data();
}

std::vector<float> TextModel::logits(const float* state) const {
  if (head_name_.empty()) return {};
  check_finite(weights_.placed(head_name_));
  const TensorView& head = weights_.at(head_name_);
  std::vector<float> row(static_cast<size_t>(hidden()));
  std::vector<float> scores(static_cast<size_t>(head.shape[0]));
  for (size_t id = 0; id < scores.size(); ++id) {
    convert_to_float(head, static_cast<int64_t>(id) * hidden(), hidden(), row.data());
    double sum = 0;
    for (size_t i = 0; i < row.size(); ++i) sum += static_cast<double>(row[i]) * state[i];
    scores[id] = static_cast<float>(sum);
  }
  return scores;
}

}  // namespace recto
