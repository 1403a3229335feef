#include "learn/muon.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/threads.h"

namespace recto {
namespace {

constexpr double kMomentum = 0.95;
constexpr int kIterations = 5;

}  // namespace

torch::Tensor nearly_orthogonal(const torch::Tensor& matrix) {
  const bool tall = matrix.size(0) > matrix.size(1);
  torch::Tensor x = (tall ? matrix.t() : matrix).to(torch::kBFloat16);
  x = x / (x.norm() + 1e-7);
  // x <- a x + (b A + c A²) x with A = x xᵀ; the coefficients are the cited post's.
  for (int i = 0; i < kIterations; ++i) {
    const torch::Tensor a = x.mm(x.t());
    x = 3.4445 * x + (-4.7750 * a + 2.0315 * a.mm(a)).mm(x);
  }
  return (tall ? x.t() : x).to(torch::kFloat32);
}

Muon::Muon(std::vector<NamedParameter> parameters, double weight_decay, int threads)
    : parameters_(std::move(parameters)), weight_decay_(weight_decay), threads_(threads) {
  for (const NamedParameter& parameter : parameters_) {
    RECTO_CHECK(parameter.value.dim() == 2);
    momentum_.push_back(torch::zeros_like(parameter.value));
  }
}

void Muon::zero_gradients() {
  for (NamedParameter& parameter : parameters_) parameter.value.mutable_grad() = torch::Tensor();
}

double Muon::gradient_norm() const {
  std::vector<torch::Tensor> norms;
  for (const NamedParameter& parameter : parameters_) {
    if (parameter.value.grad().defined()) norms.push_back(parameter.value.grad().norm());
  }
  return norms.empty() ? 0 : torch::stack(norms).norm().item<double>();
}

void Muon::step_one(size_t i, double learning_rate) {
  const torch::NoGradGuard no_grad;
  torch::Tensor value = parameters_[i].value;
  const torch::Tensor gradient = value.grad();
  if (!gradient.defined()) return;
  momentum_[i].lerp_(gradient, 1 - kMomentum);
  const torch::Tensor direction = nearly_orthogonal(gradient.lerp(momentum_[i], kMomentum));
  const double scale = std::sqrt(
      std::max(1.0, static_cast<double>(value.size(0)) / static_cast<double>(value.size(1))));
  value.mul_(1 - learning_rate * weight_decay_);
  value.add_(direction, -learning_rate * scale);
}

void Muon::step(double learning_rate) {
  parallel_for(parameters_.size(), threads_, [&](size_t i) { step_one(i, learning_rate); });
}

std::vector<NamedParameter> Muon::state() const {
  std::vector<NamedParameter> state;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    state.push_back({"value." + parameters_[i].name, parameters_[i].value});
    state.push_back({"momentum." + parameters_[i].name, momentum_[i]});
  }
  return state;
}

}  // namespace recto
