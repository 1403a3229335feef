#include "learn/sparse_weights.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "base/error.h"
#include "learn/product.h"

namespace recto {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor probabilities(const Tensor& states, const Tensor& table, const Tensor& bias) {
  return torch::softmax(product(states, table).add_(bias), 1);
}

/// 1 for the `most` largest of each row of `values`, else 0.
Tensor largest_of_rows(const Tensor& values, int64_t most) {
  const Tensor kept = std::get<1>(values.topk(most, 1, /*largest=*/true, /*sorted=*/false));
  return torch::zeros_like(values).scatter_(1, kept, 1);
}

bool cuts(int64_t candidates, const Tensor& table) {
  return candidates > 0 && candidates < table.size(0);
}

class SoftmaxSums : public torch::autograd::Function<SoftmaxSums> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& states, const Tensor& table,
                        const Tensor& bias, const std::vector<int64_t>& counts,
                        int64_t candidates) {
    context->save_for_backward({states, table, bias});
    context->saved_data["counts"] = counts;
    context->saved_data["candidates"] = candidates;
    std::vector<Tensor> sums;
    int64_t first = 0;
    for (const int64_t count : counts) {
      Tensor shares = probabilities(states.narrow(0, first, count), table, bias);
      if (cuts(candidates, table)) shares = shares * largest_of_rows(shares, candidates);
      sums.push_back(shares.sum(0));
      first += count;
    }
    return torch::stack(sums);
  }

  /// With the gradient g of an input's sums, 0 where a token's p = softmax of its logits is no
  /// candidate, that of the logits is p ∘ (g - p·g).
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &states = saved[0], &table = saved[1], &bias = saved[2];
    const std::vector<int64_t> counts = context->saved_data["counts"].toIntVector();
    const int64_t candidates = context->saved_data["candidates"].toInt();
    Tensor of_states = torch::zeros_like(states), of_table, of_bias;
    int64_t first = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      const Tensor own = states.narrow(0, first, counts[i]);
      Tensor g = gradients[0][static_cast<int64_t>(i)].unsqueeze(0);
      Tensor d = probabilities(own, table, bias);
      if (cuts(candidates, table)) g = g * largest_of_rows(d, candidates);
      d = d.mul_(g - (d * g).sum(1, /*keepdim=*/true));
      of_states.narrow(0, first, counts[i]).copy_(product(d, table.t()));
      if (context->needs_input_grad(1)) add(of_table, product(d.t(), own.t()));
      if (context->needs_input_grad(2)) add(of_bias, d.sum(0));
      first += counts[i];
    }
    return {of_states, of_table, of_bias, Tensor(), Tensor()};
  }

 private:
  static void add(Tensor& sum, const Tensor& part) { sum = sum.defined() ? sum.add_(part) : part; }
};

/// Of `weights` [edges of all inputs, vocabulary] the mean of each input's, [inputs, vocabulary].
Tensor means(const Tensor& weights, std::span<const Edges> inputs) {
  std::vector<Tensor> rows;
  int64_t first = 0;
  for (const Edges& edges : inputs) {
    rows.push_back(weights.narrow(0, first, std::ssize(edges)).mean(0));
    first += std::ssize(edges);
  }
  return torch::stack(rows);
}

void copy_into(const Tensor& parameter, const std::vector<float>& values) {
  std::copy(values.begin(), values.end(), parameter.data_ptr<float>());
}

std::vector<float> values_of(const Tensor& parameter) {
  const Tensor values = parameter.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  return {values.data_ptr<float>(), values.data_ptr<float>() + values.numel()};
}

}  // namespace

void put_into_row(Tensor& rows, int64_t row, const SparseVector& vector) {
  float* const out = rows.data_ptr<float>() + row * rows.size(1);
  for (size_t i = 0; i < vector.ids.size(); ++i) out[vector.ids[i]] = vector.weights[i];
}

Tensor softmax_sums(const Tensor& states, const Tensor& table, const Tensor& bias,
                    std::span<const int64_t> counts, int64_t candidates) {
  return SoftmaxSums::apply(states, table, bias, std::vector<int64_t>(counts.begin(), counts.end()),
                            candidates);
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
  const int64_t width = head.dense_width();
  if (width == 0) return;
  dense_ = std::make_shared<DenseImpl>();
  const auto add = [&](const char* name, at::IntArrayRef shape, const std::vector<float>& values) {
    const Tensor parameter = dense_->register_parameter(name, torch::empty(shape));
    copy_into(parameter, values);
    return parameter;
  };
  dense_->weight = add("weight", {config.text.vocab_size, width}, head.dense);
  dense_->page_bias = add("page_bias", {width}, head.page_bias);
  dense_->text_bias = add("text_bias", {width}, head.text_bias);
  register_module("dense", dense_);
}

Tensor SparseWeightsImpl::forward(const Tensor& visual, std::span<const Edges> edges,
                                  const Tensor& table) {
  std::vector<Tensor> runs;
  std::vector<int64_t> counts;
  for (const Edges& input : edges) {
    for (const std::vector<TokenRun>& edge : input) {
      counts.push_back(0);
      for (const TokenRun& run : edge) {
        runs.push_back(visual.narrow(0, run.first, run.count));
        counts.back() += run.count;
      }
    }
  }
  const Tensor normed = norm_(torch::cat(runs, 0).to(torch::kFloat32), PassContext{});
  const Tensor states = normed + torch::linear(normed, projection_->weight);
  const Tensor sums = softmax_sums(states, table, bias_, counts, output_.candidates);
  return means(torch::log1p(sums * (output_.gain * output_.saturation)), edges);
}

bool SparseWeightsImpl::is_trained() const {
  return norm_->weight.requires_grad() || projection_->weight.requires_grad() ||
         bias_.requires_grad();
}

Tensor SparseWeightsImpl::largest(const Tensor& weights) const {
  if (output_.top_n >= weights.size(1)) return weights;
  return weights * largest_of_rows(weights.detach(), output_.top_n);
}

Tensor SparseWeightsImpl::dense(const Tensor& weights, const Tensor& of_page) const {
  RECTO_CHECK(dense_ != nullptr);
  const Tensor page = of_page.unsqueeze(1);
  return weights.mm(dense_->weight) + page * dense_->page_bias + (1 - page) * dense_->text_bias;
}

void SparseWeightsImpl::scale_dense(const Tensor& factors) const {
  RECTO_CHECK(dense_ != nullptr);
  const torch::NoGradGuard no_grad;
  dense_->weight.mul_(factors.unsqueeze(1));
}

SparseHead SparseWeightsImpl::head() const {
  SparseHead head;
  head.norm = values_of(norm_->weight);
  head.projection = values_of(projection_->weight);
  head.bias = values_of(bias_);
  if (dense_ == nullptr) return head;
  head.dense = values_of(dense_->weight.to(torch::kBFloat16));
  head.page_bias = values_of(dense_->page_bias);
  head.text_bias = values_of(dense_->text_bias);
  return head;
}

}  // namespace recto
