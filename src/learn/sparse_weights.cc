#include "learn/sparse_weights.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "learn/product.h"

namespace recto {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor probabilities(const Tensor& states, const Tensor& table, const Tensor& bias) {
  return torch::softmax(product(states, table).add_(bias), 1);
}

class SoftmaxSums : public torch::autograd::Function<SoftmaxSums> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& states, const Tensor& table,
                        const Tensor& bias, const std::vector<int64_t>& counts) {
    context->save_for_backward({states, table, bias});
    context->saved_data["counts"] = counts;
    std::vector<Tensor> sums;
    int64_t first = 0;
    for (const int64_t count : counts) {
      sums.push_back(probabilities(states.narrow(0, first, count), table, bias).sum(0));
      first += count;
    }
    return torch::stack(sums);
  }

  /// With the gradient g of an input's sums and p = softmax of a token's logits, that of the logits
  /// is p ∘ (g - p·g).
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &states = saved[0], &table = saved[1], &bias = saved[2];
    const std::vector<int64_t> counts = context->saved_data["counts"].toIntVector();
    Tensor of_states = torch::zeros_like(states), of_table, of_bias;
    int64_t first = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      const Tensor own = states.narrow(0, first, counts[i]);
      const Tensor g = gradients[0][static_cast<int64_t>(i)];
      Tensor d = probabilities(own, table, bias);
      d = d.mul_(g.unsqueeze(0) - d.mv(g).unsqueeze(1));
      of_states.narrow(0, first, counts[i]).copy_(product(d, table.t()));
      if (context->needs_input_grad(1)) add(of_table, product(d.t(), own.t()));
      if (context->needs_input_grad(2)) add(of_bias, d.sum(0));
      first += counts[i];
    }
    return {of_states, of_table, of_bias, Tensor()};
  }

 private:
  static void add(Tensor& sum, const Tensor& part) { sum = sum.defined() ? sum.add_(part) : part; }
};

void copy_into(const Tensor& parameter, const std::vector<float>& values) {
  std::copy(values.begin(), values.end(), parameter.data_ptr<float>());
}

std::vector<float> values_of(const Tensor& parameter) {
  const Tensor values = parameter.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  return {values.data_ptr<float>(), values.data_ptr<float>() + values.numel()};
}

}  // namespace

Tensor softmax_sums(const Tensor& states, const Tensor& table, const Tensor& bias,
                    std::span<const int64_t> counts) {
  return SoftmaxSums::apply(states, table, bias,
                            std::vector<int64_t>(counts.begin(), counts.end()));
}

SparseWeightsImpl::SparseWeightsImpl(const SparseHead& head, const ModelConfig& config,
                                     const SparseOutput& output)
    : output_(output) {
  const int64_t hidden = config.text.hidden_size;
  norm_ = register_module("norm", RmsNorm("sparse_head.norm", hidden, kSparseNormEpsilon));
  projection_ = register_module("projection", Weight(at::IntArrayRef{hidden, hidden}));
  bias_ = register_parameter("bias", torch::zeros({config.text.vocab_size}));
  const torch::NoGradGuard no_grad;
  copy_into(norm_->weight, head.norm);
  copy_into(projection_->weight, head.projection);
  copy_into(bias_, head.bias);
}

Tensor SparseWeightsImpl::forward(const Tensor& visual, std::span<const int64_t> counts,
                                  const Tensor& table, bool training) {
  const Tensor normed = norm_(visual.to(torch::kFloat32), PassContext{});
  const Tensor states = normed + torch::linear(normed, projection_->weight);
  const Tensor sums = softmax_sums(states, table, bias_, counts);
  const Tensor weights = torch::log1p(sums * output_.saturation);
  if (training || output_.top_n >= weights.size(1)) return weights;
  const Tensor kept = std::get<1>(weights.detach().topk(output_.top_n, 1));
  return weights * torch::zeros_like(weights).scatter_(1, kept, 1);
}

SparseHead SparseWeightsImpl::head() const {
  return {values_of(norm_->weight), values_of(projection_->weight), values_of(bias_)};
}

}  // namespace recto
