#include "learn/layers.h"

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "base/fnv1a.h"

namespace recto {
namespace {

torch::Tensor parameter(at::IntArrayRef shape) { return torch::zeros(shape); }

/// x [..., in] times W [out, in].
torch::Tensor multiplied(const torch::Tensor& x, const torch::Tensor& weight,
                         const PassContext& context) {
  if (!x.is_cpu() || context.precision != Precision::kFp32) return torch::linear(x, weight);
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return given_linear(x.reshape({-1, x.size(-1)}), {weight, {}, {}, 0}).view(shape);
}

/// Most tokens of which all pairs of a head are kept: their scores stay in the caches.
constexpr int64_t kMostTokensByProducts = 512;

/// softmax(q kᵀ / sqrt(width)) v of [sequences, heads, tokens, width] by plain products: of bf16 on
/// a CPU 1.8 times as fast, forward and backward, as torch's fused kernel at 256 tokens.
torch::Tensor mixed_by_products(const torch::Tensor& q, const torch::Tensor& k,
                                const torch::Tensor& v, bool causal) {
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(3)));
  torch::Tensor scores = torch::matmul(q * scale, k.transpose(2, 3));
  if (causal) {
    const double never = -std::numeric_limits<double>::infinity();
    scores = scores + torch::full({q.size(2), q.size(2)}, never, scores.options()).triu(1);
  }
  return torch::matmul(torch::softmax(scores, -1, scores.scalar_type()), v);
}

torch::Tensor split_heads(const torch::Tensor& x, int64_t heads, int64_t repeats) {
  const int64_t sequences = x.size(0), tokens = x.size(1), width = x.size(2) / heads;
  torch::Tensor split = x.view({sequences, tokens, heads, width}).transpose(1, 2);
  if (repeats == 1) return split;
  return split.unsqueeze(2)
      .expand({sequences, heads, repeats, tokens, width})
      .reshape({sequences, heads * repeats, tokens, width});
}

}  // namespace

void PassContext::show(const std::string& name, const torch::Tensor& values) const {
  if (observer == nullptr) return;
  const torch::Tensor flat = values.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  (*observer)(name, flat.sizes().vec(),
              {flat.data_ptr<float>(), static_cast<size_t>(flat.numel())});
}

WeightImpl::WeightImpl(at::IntArrayRef shape) {
  weight = register_parameter("weight", parameter(shape));
}

LinearImpl::LinearImpl(std::string path, int64_t in, int64_t out, bool with_bias)
    : path_(std::move(path)) {
  weight = register_parameter("weight", parameter({out, in}));
  if (with_bias) bias = register_parameter("bias", parameter({out}));
}

void LinearImpl::attach(const LinearAdapter& adapter) {
  adapter_ = adapter;
  lora_a = register_module("lora_A", Weight(at::IntArrayRef{adapter.rank, weight.size(1)}));
  lora_b = register_module("lora_B", Weight(at::IntArrayRef{weight.size(0), adapter.rank}));
  if (adapter.magnitude) {
    magnitude = register_parameter("lora_magnitude_vector", weight.detach().norm(2, 1));
  }
}

torch::Tensor LinearImpl::dropped(const torch::Tensor& x, const PassContext& context) const {
  if (adapter_.dropout <= 0 || context.dropout_rows.empty()) return x;
  torch::Tensor mask = torch::empty(x.sizes(), torch::kFloat32);
  const uint64_t layer = fnv1a(path_);
  int64_t row = 0;
  for (const PassContext::Rows& rows : context.dropout_rows) {
    const at::Generator generator =
        at::make_generator<at::CPUGeneratorImpl>(derived_seed(rows.seed, layer));
    mask.narrow(0, row, rows.count).bernoulli_(1 - adapter_.dropout, generator);
    row += rows.count;
  }
  return x * mask.to(x.device()).div_(1 - adapter_.dropout);
}

std::optional<LinearParts> LinearImpl::parts(const PassContext& context) const {
  const bool dropout = adapter_.dropout > 0 && !context.dropout_rows.empty();
  if (bias.defined() || adapter_.magnitude || dropout || context.precision != Precision::kFp32 ||
      context.observer != nullptr) {
    return std::nullopt;
  }
  if (!adapted()) return LinearParts{weight, {}, {}, 0};
  return LinearParts{weight, lora_a->weight, lora_b->weight, adapter_.scale};
}

torch::Tensor LinearImpl::forward(const torch::Tensor& x, const PassContext& context) {
  const bool rounds = context.precision != Precision::kFp32;
  const bool with_bias = bias.defined() && rounds && !adapted();
  torch::Tensor y = with_bias ? torch::linear(x, weight, bias) : multiplied(x, weight, context);
  if (adapted()) {
    const torch::Tensor low = multiplied(dropped(x, context), lora_a->weight, context);
    y = y + multiplied(low, lora_b->weight, context) * adapter_.scale;
    if (adapter_.magnitude) {
      // The norm is a constant to the gradient, as the paper (section 4.3) and PEFT have it.
      const PrecisionScope exact(Precision::kFp32, x.device());
      const torch::Tensor merged =
          weight.detach() + adapter_.scale * lora_b->weight.detach().mm(lora_a->weight.detach());
      y = y * (magnitude / merged.norm(2, 1));
    }
  }
  if (bias.defined() && !with_bias) y = y + bias.to(y.scalar_type());
  context.show(path_, y);
  return y;
}

LayerNormImpl::LayerNormImpl(std::string path, int64_t width, double epsilon)
    : path_(std::move(path)), epsilon_(epsilon) {
  weight = register_parameter("weight", parameter({width}));
  bias = register_parameter("bias", parameter({width}));
}

torch::Tensor LayerNormImpl::forward(const torch::Tensor& x, const PassContext& context) {
  torch::Tensor y = torch::layer_norm(x, {x.size(-1)}, weight, bias, epsilon_);
  context.show(path_, y);
  return y;
}

RmsNormImpl::RmsNormImpl(std::string path, int64_t width, double epsilon)
    : path_(std::move(path)), epsilon_(epsilon) {
  weight = register_parameter("weight", parameter({width}));
}

torch::Tensor RmsNormImpl::forward(const torch::Tensor& x, const PassContext& context) {
  const torch::Tensor scale = torch::rsqrt(x.square().mean(-1, true) + epsilon_);
  torch::Tensor y = x * scale * weight;
  context.show(path_, y);
  return y;
}

torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        int64_t heads, int64_t kv_heads, bool causal) {
  const int64_t repeats = heads / kv_heads;
  // Rotary embedding gives fp32; bf16 arithmetic rounds it for the products.
  const auto type = v.scalar_type();
  const torch::Tensor q4 = split_heads(q, heads, 1).to(type),
                      k4 = split_heads(k, kv_heads, repeats).to(type),
                      v4 = split_heads(v, kv_heads, repeats);
  const bool by_products =
      q.is_cpu() && type == torch::kBFloat16 && q.size(1) <= kMostTokensByProducts;
  const torch::Tensor mixed = by_products
                                  ? mixed_by_products(q4, k4, v4, causal)
                                  : at::scaled_dot_product_attention(q4, k4, v4, /*attn_mask=*/{},
                                                                     /*dropout_p=*/0.0, causal);
  return mixed.transpose(1, 2).reshape(q.sizes());
}

uint64_t derived_seed(uint64_t seed, uint64_t part) {
  uint64_t x = seed + 0x9e3779b97f4a7c15u * (part + 1);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace recto
