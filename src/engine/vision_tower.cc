#include "engine/vision_tower.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/kernels.h"
#include "engine/position_ids.h"
#include "engine/residual.h"
#include "engine/team.h"
#include "model/views.h"

namespace recto {
namespace {

constexpr const char* kPrefix = "vision_model.";

std::vector<float> position_rows(const VisionConfig& config, PositionIds kind,
                                 const Weights& weights) {
  const PlacedTensor table =
      weights.placed(fmt::format("{}embeddings.position_embedding.weight", kPrefix));
  check_finite(table);
  const std::vector<int32_t> ids = patch_position_ids(kind, config.patches_per_side());
  const int64_t width = config.hidden_size;
  std::vector<float> rows(ids.size() * static_cast<size_t>(width));
  for (size_t i = 0; i < ids.size(); ++i) {
    convert_to_float(table.view, ids[i] * width, width,
                     rows.data() + i * static_cast<size_t>(width));
  }
  return rows;
}

}  // namespace

VisionTower::VisionTower(const VisionConfig& config, PositionIds position_ids,
                         const Weights& weights, int threads)
    : config_(config),
      patches_(static_cast<int64_t>(config.patches_per_side()) * config.patches_per_side()),
      attention_{config.num_attention_heads, config.num_attention_heads, config.head_dim(), false},
      positions_(position_rows(config, position_ids, weights)) {
  const auto linear = [&](const std::string& at, const std::vector<std::string>& names) {
    std::vector<PlacedTensor> matrices;
    std::vector<PlacedTensor> biases;
    for (const std::string& name : names) {
      matrices.push_back(weights.placed(at + name + ".weight"));
      biases.push_back(weights.placed(at + name + ".bias"));
    }
    return Linear(matrices, biases);
  };
  patch_embedding_ = linear(kPrefix, {"embeddings.patch_embedding"});
  std::vector<Linear*> linears = {&patch_embedding_};
  layers_.resize(static_cast<size_t>(config.num_hidden_layers));
  for (size_t i = 0; i < layers_.size(); ++i) {
    const std::string at = fmt::format("{}encoder.layers.{}.", kPrefix, i);
    Layer& layer = layers_[i];
    layer.norm1_weight = weight_vector(weights.placed(at + "layer_norm1.weight"));
    layer.norm1_bias = weight_vector(weights.placed(at + "layer_norm1.bias"));
    layer.norm2_weight = weight_vector(weights.placed(at + "layer_norm2.weight"));
    layer.norm2_bias = weight_vector(weights.placed(at + "layer_norm2.bias"));
    layer.qkv = linear(at, {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"});
    layer.out = linear(at, {"self_attn.out_proj"});
    layer.fc1 = linear(at, {"mlp.fc1"});
    layer.fc2 = linear(at, {"mlp.fc2"});
    linears.insert(linears.end(), {&layer.qkv, &layer.out, &layer.fc1, &layer.fc2});
  }
  norm_weight_ = weight_vector(weights.placed(fmt::format("{}post_layernorm.weight", kPrefix)));
  norm_bias_ = weight_vector(weights.placed(fmt::format("{}post_layernorm.bias", kPrefix)));
  packed_ = pack_linears(linears, threads);
}

void VisionTower::embed(const uint8_t* pixels, Workspace& w, const Probe& probe) const {
  const int patch = config_.patch_size;
  float* const patches = w.patches.reserve(patches_ * 3 * patch * patch);
  unfold_patches(pixels, config_.image_size, patch, patches);
  float* const states = w.states.reserve(patches_ * hidden());
  patch_embedding_.apply(patches, patches_, states, Epilogue::kStore, w.threads, w.scratchpad);
  if (probe) {
    probe("vision_model.embeddings.patch_embedding", patches_, hidden(), states, hidden());
  }
  for (size_t i = 0; i < positions_.size(); ++i) states[i] += positions_[i];
  if (probe) probe("vision_model.embeddings", patches_, hidden(), states, hidden());
}

void VisionTower::normalize(const std::vector<float>& weight, const std::vector<float>& bias,
                            Workspace& w) const {
  const int64_t width = hidden();
  const float* const states = w.states.data();
  float* const normed = w.normed.reserve(patches_ * width);
  const auto eps = static_cast<float>(config_.layer_norm_eps);
  team_rows(w.threads, patches_, kNormCost * width, [&](int64_t first, int64_t count) {
    kernels().layer_norm(states + first * width, weight.data(), bias.data(), eps, count, width,
                         normed + first * width);
  });
}

void VisionTower::attend(const Layer& layer, const std::string& name, Workspace& w,
                         const Probe& probe) const {
  normalize(layer.norm1_weight, layer.norm1_bias, w);
  float* const qkv = w.projected.reserve(patches_ * attention_.row());
  layer.qkv.apply(w.normed.data(), patches_, qkv, Epilogue::kStore, w.threads, w.scratchpad);
  if (probe) {
    probe(name + ".layer_norm1", patches_, hidden(), w.normed.data(), hidden());
    const int64_t width = attention_.output_row();
    probe(name + ".self_attn.q_proj", patches_, width, qkv, attention_.row());
    probe(name + ".self_attn.k_proj", patches_, width, qkv + width, attention_.row());
    probe(name + ".self_attn.v_proj", patches_, width, qkv + 2 * width, attention_.row());
  }
  float* const attended = w.attended.reserve(patches_ * attention_.output_row());
  attention(attention_, qkv, patches_, attended, w);
  add_residual(layer.out, attended, patches_, w, name + ".self_attn", probe, patches_);
}

void VisionTower::feed_forward(const Layer& layer, const std::string& name, Workspace& w,
                               const Probe& probe) const {
  normalize(layer.norm2_weight, layer.norm2_bias, w);
  const int64_t width = layer.fc1.outputs();
  float* const inner = w.hidden.reserve(patches_ * width);
  if (probe) {
    probe(name + ".layer_norm2", patches_, hidden(), w.normed.data(), hidden());
    layer.fc1.apply(w.normed.data(), patches_, inner, Epilogue::kStore, w.threads, w.scratchpad);
    probe(name + ".mlp.fc1", patches_, width, inner, width);
  }
  layer.fc1.apply(w.normed.data(), patches_, inner, Epilogue::kGeluTanh, w.threads, w.scratchpad);
  add_residual(layer.fc2, inner, patches_, w, name + ".mlp", probe, patches_);
}

void VisionTower::layer(int index, Workspace& w, const Probe& probe) const {
  const Layer& layer = layers_[static_cast<size_t>(index)];
  const std::string name = fmt::format("{}encoder.layers.{}", kPrefix, index);
  attend(layer, name, w, probe);
  feed_forward(layer, name, w, probe);
  if (probe) probe(name, patches_, hidden(), w.states.data(), hidden());
}

void VisionTower::finish(Workspace& w, const Probe& probe) const {
  normalize(norm_weight_, norm_bias_, w);
  if (probe) {
    probe("vision_model.post_layernorm", patches_, hidden(), w.normed.data(), hidden());
  }
}

void unfold_patches(const uint8_t* pixels, int tile, int patch, float* out) {
  const float* const table = normalize_table();
  const int side = tile / patch;
  for (int row = 0; row < side; ++row) {
    for (int column = 0; column < side; ++column) {
      for (int channel = 0; channel < 3; ++channel) {
        const uint8_t* from =
            pixels + (static_cast<int64_t>(channel) * tile + row * patch) * tile + column * patch;
        for (int y = 0; y < patch; ++y, from += tile) {
          for (int x = 0; x < patch; ++x) *out++ = table[from[x]];
        }
      }
    }
  }
}

}  // namespace recto
