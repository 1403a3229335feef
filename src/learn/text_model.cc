#include "learn/text_model.h"

#include <cmath>
#include <optional>

#include "learn/packed_attention.h"
#include "learn/recompute.h"

namespace recto {
namespace {

/// (a, b) -> (a cos - b sin, b cos + a sin) on the halves of each head; x [rows, heads * d],
/// cos and sin [rows, d] with both halves equal.
torch::Tensor rotate(const torch::Tensor& x, const torch::Tensor& cos, const torch::Tensor& sin) {
  const int64_t width = cos.size(1), half = width / 2;
  const torch::Tensor heads = x.view({x.size(0), -1, width});
  const torch::Tensor turned =
      torch::cat({-heads.narrow(2, half, half), heads.narrow(2, 0, half)}, 2);
  return (heads * cos.unsqueeze(1) + turned * sin.unsqueeze(1)).view(x.sizes());
}

/// Rotary angles of every row of the pack, [rows, head_dim], in fp32.
torch::Tensor rotary_angles(const TextConfig& config, const PackLayout& layout) {
  const torch::Tensor exponents =
      torch::arange(0, config.head_dim, 2, torch::dtype(torch::kFloat32)) / config.head_dim;
  const torch::Tensor frequencies = 1.0 / torch::pow(config.rope_theta, exponents);
  const torch::Tensor one =
      torch::outer(torch::arange(layout.longest, torch::dtype(torch::kFloat32)), frequencies);
  const torch::Tensor all = torch::cat({one, one}, 1);
  std::vector<torch::Tensor> rows;
  for (const PackRun& run : layout.runs) {
    rows.push_back(all.narrow(0, 0, run.length).repeat({run.sequences, 1}));
  }
  return torch::cat(rows, 0);
}

}  // namespace

TextLayerImpl::TextLayerImpl(std::string path, const TextConfig& config, bool causal)
    : path_(std::move(path)),
      heads_(config.num_attention_heads),
      kv_heads_(config.num_key_value_heads),
      causal_(causal) {
  const int64_t width = config.hidden_size, inner = config.intermediate_size;
  const int64_t queries = heads_ * config.head_dim, keys = kv_heads_ * config.head_dim;
  const auto linear = [&](const std::string& name, int64_t in, int64_t out) {
    return Linear(path_ + "." + name, in, out, /*with_bias=*/false);
  };
  const auto norm = [&](const std::string& name) {
    return register_module(name, RmsNorm(path_ + "." + name, width, config.rms_norm_eps));
  };
  Group self_attn = register_module("self_attn", Group());
  q_ = self_attn->add("q_proj", linear("self_attn.q_proj", width, queries));
  k_ = self_attn->add("k_proj", linear("self_attn.k_proj", width, keys));
  v_ = self_attn->add("v_proj", linear("self_attn.v_proj", width, keys));
  o_ = self_attn->add("o_proj", linear("self_attn.o_proj", queries, width));
  Group feed_forward = register_module("mlp", Group());
  gate_ = feed_forward->add("gate_proj", linear("mlp.gate_proj", width, inner));
  up_ = feed_forward->add("up_proj", linear("mlp.up_proj", width, inner));
  down_ = feed_forward->add("down_proj", linear("mlp.down_proj", inner, width));
  norm1_ = norm("input_layernorm");
  norm2_ = norm("post_attention_layernorm");
}

std::vector<torch::Tensor> TextLayerImpl::normed(RmsNorm& norm, std::vector<Linear*> linears,
                                                 const torch::Tensor& x,
                                                 const PassContext& context) {
  std::vector<LinearParts> parts;
  for (Linear* linear : linears) {
    if (std::optional<LinearParts> own = (*linear)->parts(context)) parts.push_back(*own);
  }
  if (parts.size() == linears.size()) {
    return rms_normed_linears(x, norm->weight, norm->epsilon(), parts);
  }
  const torch::Tensor input = norm(x, context);
  std::vector<torch::Tensor> outputs;
  for (Linear* linear : linears) outputs.push_back((*linear)(input, context));
  return outputs;
}

torch::Tensor TextLayerImpl::attend(const torch::Tensor& x, const PackLayout& layout,
                                    const torch::Tensor& cos, const torch::Tensor& sin,
                                    const PassContext& context) {
  const std::vector<torch::Tensor> projected = normed(norm1_, {&q_, &k_, &v_}, x, context);
  const torch::Tensor q = rotate(projected[0], cos, sin);
  const torch::Tensor k = rotate(projected[1], cos, sin);
  const torch::Tensor mixed =
      packed_attention(q, k, projected[2], layout.runs, {heads_, kv_heads_, causal_});
  const std::optional<LinearParts> out = o_->parts(context);
  torch::Tensor y = out ? given_linear(mixed, *out) : o_(mixed, context);
  context.show(path_ + ".self_attn", y);
  return y;
}

torch::Tensor TextLayerImpl::mlp(const torch::Tensor& x, const PassContext& context) {
  const std::vector<torch::Tensor> wide = normed(norm2_, {&gate_, &up_}, x, context);
  const std::optional<LinearParts> down = down_->parts(context);
  torch::Tensor y =
      down ? gated_linear(wide[0], wide[1], *down) : down_(torch::silu(wide[0]) * wide[1], context);
  context.show(path_ + ".mlp", y);
  return y;
}

torch::Tensor TextLayerImpl::forward(torch::Tensor x, const PackLayout& layout,
                                     const torch::Tensor& cos, const torch::Tensor& sin,
                                     const PassContext& context) {
  const PrecisionScope scope(context.precision, x.device());
  x = x + attend(x, layout, cos, sin, context);
  x = x + mlp(x, context);
  context.show(path_, x);
  return x;
}

TextModelImpl::TextModelImpl(const TextConfig& config, bool causal) : config_(config) {
  embed_tokens_ = register_module("embed_tokens",
                                  Weight(at::IntArrayRef{config.vocab_size, config.hidden_size}));
  Group layers = register_module("layers", Group());
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    const std::string path = "text_model.layers." + std::to_string(i);
    layers_.push_back(layers->add(std::to_string(i), TextLayer(path, config, causal)));
  }
  norm_ = register_module("norm",
                          RmsNorm("last_hidden_state", config.hidden_size, config.rms_norm_eps));
}

torch::Tensor TextModelImpl::embed(const torch::Tensor& ids) {
  return torch::embedding(embed_tokens_->weight, ids);
}

torch::Tensor TextModelImpl::forward(torch::Tensor x, const PackLayout& layout,
                                     const PassContext& context) {
  const torch::Tensor angles = rotary_angles(config_, layout).to(x.device());
  const torch::Tensor cos = angles.cos(), sin = angles.sin();
  context.show("rope_cos", cos);
  context.show("rope_sin", sin);
  for (TextLayer& layer : layers_) {
    const auto run = [=](const torch::Tensor& input) mutable {
      return layer(input, layout, cos, sin, context);
    };
    x = context.recompute ? recomputed(x, run) : layer(x, layout, cos, sin, context);
  }
  return norm_(x, context);
}

}  // namespace recto
