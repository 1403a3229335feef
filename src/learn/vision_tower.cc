#include "learn/vision_tower.h"

#include <cmath>

#include "base/error.h"
#include "engine/position_ids.h"
#include "learn/recompute.h"

namespace recto {
namespace {

torch::Tensor position_tensor(const VisionConfig& config, PositionIds kind) {
  const std::vector<int32_t> ids = patch_position_ids(kind, config.patches_per_side());
  return torch::tensor(std::vector<int64_t>(ids.begin(), ids.end()));
}

}  // namespace

VisionLayerImpl::VisionLayerImpl(std::string path, const VisionConfig& config)
    : path_(std::move(path)), heads_(config.num_attention_heads) {
  const int64_t width = config.hidden_size, inner = config.intermediate_size;
  const auto linear = [&](const std::string& name, int64_t in, int64_t out) {
    return Linear(path_ + "." + name, in, out, /*with_bias=*/true);
  };
  const auto norm = [&](const std::string& name) {
    return register_module(name, LayerNorm(path_ + "." + name, width, config.layer_norm_eps));
  };
  norm1_ = norm("layer_norm1");
  norm2_ = norm("layer_norm2");
  Group self_attn = register_module("self_attn", Group());
  q_ = self_attn->add("q_proj", linear("self_attn.q_proj", width, width));
  k_ = self_attn->add("k_proj", linear("self_attn.k_proj", width, width));
  v_ = self_attn->add("v_proj", linear("self_attn.v_proj", width, width));
  out_ = self_attn->add("out_proj", linear("self_attn.out_proj", width, width));
  Group mlp = register_module("mlp", Group());
  fc1_ = mlp->add("fc1", linear("mlp.fc1", width, inner));
  fc2_ = mlp->add("fc2", linear("mlp.fc2", inner, width));
}

torch::Tensor VisionLayerImpl::attend(const torch::Tensor& x, const PassContext& context) {
  const torch::Tensor normed = norm1_(x, context);
  const torch::Tensor mixed = attention(q_(normed, context), k_(normed, context),
                                        v_(normed, context), heads_, heads_, /*causal=*/false);
  torch::Tensor y = out_(mixed, context);
  context.show(path_ + ".self_attn", y);
  return y;
}

torch::Tensor VisionLayerImpl::forward(torch::Tensor x, const PassContext& context) {
  const PrecisionScope scope(context.precision, x.device());
  x = x + attend(x, context);
  const torch::Tensor inner = torch::gelu(fc1_(norm2_(x, context), context), "tanh");
  const torch::Tensor y = fc2_(inner, context);
  context.show(path_ + ".mlp", y);
  x = x + y;
  context.show(path_, x);
  return x;
}

VisionTowerImpl::VisionTowerImpl(const VisionConfig& config, PositionIds position_ids)
    : config_(config) {
  const int64_t width = config.hidden_size, side = config.patches_per_side();
  position_ids_ = register_buffer("position_ids", position_tensor(config, position_ids));
  Group embeddings = register_module("embeddings", Group());
  Group patch = embeddings->add("patch_embedding", Group());
  patch_weight_ = patch->register_parameter(
      "weight", torch::zeros({width, 3, config.patch_size, config.patch_size}));
  patch_bias_ = patch->register_parameter("bias", torch::zeros({width}));
  position_weight_ =
      embeddings->add("position_embedding", Weight(at::IntArrayRef{side * side, width}))->weight;
  Group encoder = register_module("encoder", Group());
  Group layers = encoder->add("layers", Group());
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    const std::string path = "vision_model.encoder.layers." + std::to_string(i);
    layers_.push_back(layers->add(std::to_string(i), VisionLayer(path, config)));
  }
  post_norm_ = register_module(
      "post_layernorm", LayerNorm("vision_model.post_layernorm", width, config.layer_norm_eps));
}

torch::Tensor VisionTowerImpl::embed(const torch::Tensor& pixels, const PassContext& context) {
  // A convolution whose stride is its kernel is one matrix product over the cut-out patches.
  const int64_t views = pixels.size(0), side = config_.patches_per_side(), p = config_.patch_size;
  const torch::Tensor patches = pixels.narrow(2, 0, side * p)
                                    .narrow(3, 0, side * p)
                                    .reshape({views, 3, side, p, side, p})
                                    .permute({0, 2, 4, 1, 3, 5})
                                    .reshape({views, side * side, 3 * p * p});
  torch::Tensor x;
  {
    const PrecisionScope scope(context.precision, pixels.device());
    x = torch::linear(patches, patch_weight_.flatten(1), patch_bias_).to(torch::kFloat32);
  }
  context.show("vision_model.embeddings.patch_embedding", x);
  x = x + torch::embedding(position_weight_, position_ids_);
  context.show("vision_model.embeddings", x);
  return x;
}

torch::Tensor VisionTowerImpl::run(torch::Tensor x, size_t first, size_t last,
                                   const PassContext& context) {
  for (size_t i = first; i < last; ++i) {
    VisionLayer layer = layers_[i];
    const auto once = [=](const torch::Tensor& input) mutable { return layer(input, context); };
    x = context.recompute ? recomputed(x, once) : layer(x, context);
  }
  return x;
}

torch::Tensor VisionTowerImpl::forward(const torch::Tensor& pixels, const PassContext& context) {
  return post_norm_(run(embed(pixels, context), 0, layers_.size(), context), context);
}

std::pair<torch::Tensor, torch::Tensor> VisionTowerImpl::forward_tapped(
    const torch::Tensor& pixels, int blocks, const PassContext& context) {
  const auto at = static_cast<size_t>(blocks);
  RECTO_CHECK(at <= layers_.size());
  torch::Tensor tapped = run(embed(pixels, context), 0, at, context);
  torch::Tensor last = post_norm_(run(tapped, at, layers_.size(), context), context);
  return {std::move(tapped), std::move(last)};
}

ConnectorImpl::ConnectorImpl(const ModelConfig& config) : scale_(config.scale_factor) {
  Group group = register_module("modality_projection", Group());
  projection_ =
      group->add("proj", Linear("connector.modality_projection.proj",
                                static_cast<int64_t>(config.vision.hidden_size) * scale_ * scale_,
                                config.text.hidden_size, /*with_bias=*/false));
}

torch::Tensor ConnectorImpl::forward(const torch::Tensor& patches, const PassContext& context) {
  const PrecisionScope scope(context.precision, patches.device());
  const torch::Tensor shuffled = pixel_shuffle_tokens(patches, scale_);
  context.show("pixel_shuffle", shuffled);
  const torch::Tensor y = projection_(shuffled, context).to(torch::kFloat32);
  context.show("connector.modality_projection", y);
  return y;
}

torch::Tensor pixel_shuffle_tokens(const torch::Tensor& patches, int64_t scale) {
  const int64_t views = patches.size(0), width = patches.size(2);
  const int64_t side = std::llround(std::sqrt(static_cast<double>(patches.size(1))));
  const int64_t blocks = side / scale;
  return patches.view({views, blocks, scale, blocks, scale, width})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({views, blocks * blocks, scale * scale * width});
}

}  // namespace recto
