#include "learn/optimizer.h"

#include <algorithm>
#include <cmath>

namespace recto {
namespace {

std::vector<ParameterGroup> by_decay(const std::vector<NamedParameter>& parameters) {
  std::vector<ParameterGroup> groups(2);
  groups[1].decays = false;
  for (size_t i = 0; i < parameters.size(); ++i) {
    groups[parameters[i].decays ? 0 : 1].members.push_back(i);
  }
  return groups;
}

}  // namespace

AdamW::AdamW(std::vector<NamedParameter> parameters, const AdamWSettings& settings,
             std::vector<ParameterGroup> groups)
    : parameters_(std::move(parameters)), settings_(settings), groups_(std::move(groups)) {
  if (groups_.empty()) groups_ = by_decay(parameters_);
  for (const NamedParameter& parameter : parameters_) {
    first_.push_back(torch::zeros_like(parameter.value));
    second_.push_back(torch::zeros_like(parameter.value));
    steps_.push_back(torch::zeros({1}, parameter.value.options()));
  }
}

void AdamW::zero_gradients() {
  for (NamedParameter& parameter : parameters_) parameter.value.mutable_grad() = torch::Tensor();
}

double AdamW::clip_gradients(double maximum) {
  std::vector<torch::Tensor> norms;
  for (const NamedParameter& parameter : parameters_) {
    if (parameter.value.grad().defined()) norms.push_back(parameter.value.grad().norm());
  }
  if (norms.empty()) return 0;
  const double norm = torch::stack(norms).norm().item<double>();
  const double factor = maximum / (norm + 1e-6);
  if (!std::isfinite(norm) || factor >= 1) return norm;
  for (NamedParameter& parameter : parameters_) {
    if (parameter.value.grad().defined()) parameter.value.mutable_grad().mul_(factor);
  }
  return norm;
}

void AdamW::step(double learning_rate) {
  for (const ParameterGroup& group : groups_) step(group, learning_rate * group.lr_factor);
}

void AdamW::step(const ParameterGroup& group, double learning_rate) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> values, gradients, first, second, steps;
  for (const size_t i : group.members) {
    if (!parameters_[i].value.grad().defined()) continue;
    values.push_back(parameters_[i].value);
    gradients.push_back(parameters_[i].value.grad().contiguous());
    first.push_back(first_[i]);
    second.push_back(second_[i]);
    steps.push_back(steps_[i].add_(1));
  }
  if (values.empty()) return;
  at::_fused_adamw_(values, gradients, first, second, /*max_exp_avg_sqs=*/{}, steps, learning_rate,
                    settings_.beta1, settings_.beta2, group.decays ? settings_.weight_decay : 0,
                    settings_.epsilon, /*amsgrad=*/false, /*maximize=*/false);
}

double AdamW::largest_lr_factor() const {
  double largest = 0;
  for (const ParameterGroup& group : groups_) largest = std::max(largest, group.lr_factor);
  return largest;
}

std::vector<NamedParameter> AdamW::state() const {
  std::vector<NamedParameter> state;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    state.push_back({"first." + parameters_[i].name, first_[i]});
    state.push_back({"second." + parameters_[i].name, second_[i]});
    state.push_back({"steps." + parameters_[i].name, steps_[i]});
  }
  return state;
}

}  // namespace recto
