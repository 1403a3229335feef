#include "learn/gradient_sum.h"

#include <cmath>
#include <limits>
#include <span>

namespace recto {
namespace {

// Numbers that travel together: one message for adapters, and little memory beside a whole model.
constexpr int64_t kBucket = int64_t{64} << 20;

/// How many processes have a gradient of each parameter, behind a number that is NaN when the loss
/// of any of them is not finite.
torch::Tensor present(ProcessGroup& group, const std::vector<NamedParameter>& parameters,
                      double loss) {
  std::vector<float> flags{std::isfinite(loss) ? 0.0f : std::numeric_limits<float>::quiet_NaN()};
  for (const NamedParameter& parameter : parameters) {
    flags.push_back(parameter.value.grad().defined() ? 1.0f : 0.0f);
  }
  torch::Tensor sums = torch::tensor(flags);
  group.sum(sums);
  return sums;
}

void sum_bucket(ProcessGroup& group, std::span<torch::Tensor> values) {
  std::vector<torch::Tensor> parts;
  for (const torch::Tensor& value : values) {
    parts.push_back((value.grad().defined() ? value.grad() : torch::zeros_like(value)).flatten());
  }
  torch::Tensor flat = torch::cat(parts, 0);
  parts.clear();
  group.sum(flat);
  int64_t first = 0;
  for (torch::Tensor& value : values) {
    value.mutable_grad() = flat.narrow(0, first, value.numel()).view_as(value).clone();
    first += value.numel();
  }
}

}  // namespace

double sum_gradients(ProcessGroup& group, const std::vector<NamedParameter>& parameters,
                     double loss) {
  if (group.size() == 1) return loss;
  const torch::NoGradGuard no_grad;
  const torch::Tensor flags = present(group, parameters, loss);
  if (!std::isfinite(flags[0].item<float>())) return std::numeric_limits<double>::quiet_NaN();
  std::vector<torch::Tensor> bucket;
  int64_t numbers = 0;
  const auto send = [&] {
    if (!bucket.empty()) sum_bucket(group, bucket);
    bucket.clear();
    numbers = 0;
  };
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (flags[static_cast<int64_t>(i) + 1].item<float>() == 0) continue;
    if (numbers + parameters[i].value.numel() > kBucket) send();
    bucket.push_back(parameters[i].value);
    numbers += parameters[i].value.numel();
  }
  send();
  return loss;
}

}  // namespace recto
