#include "learn/objective.h"

#include <cmath>

#include "base/error.h"

namespace recto {
namespace {

/// The loss over all lengths of the vectors. `inputs` has one for each.
torch::Tensor term_value(LossKind kind, const std::vector<LossInput>& inputs,
                         const std::vector<double>& weights) {
  torch::Tensor sum;
  for (size_t i = 0; i < inputs.size(); ++i) {
    torch::Tensor value = loss_value(kind, inputs[i]);
    if (!weights.empty()) value = value * weights[i];
    sum = sum.defined() ? sum + value : value;
  }
  return sum;
}

std::vector<LossInput> inputs_of(const Objective& objective, const LossInput& input) {
  if (objective.dimensions.size() < 2) return {input};
  std::vector<LossInput> inputs;
  for (const int d : objective.dimensions) inputs.push_back(prefix_input(input, d));
  return inputs;
}

}  // namespace

ObjectiveValue evaluate_objective(const Objective& objective, const LossInput& input) {
  const std::vector<LossInput> inputs = inputs_of(objective, input);
  ObjectiveValue result;
  std::vector<torch::Tensor> values;
  for (const LossTerm& term : objective.terms) {
    const torch::Tensor value = term_value(term.kind, inputs, objective.dimension_weights);
    values.push_back(value.detach());
    const torch::Tensor part = value * term.weight;
    result.total = result.total.defined() ? result.total + part : part;
  }
  const torch::Tensor numbers = torch::stack(values).to(torch::kCPU, torch::kFloat64);
  const double* first = numbers.data_ptr<double>();
  result.terms.assign(first, first + numbers.numel());
  return result;
}

void check_dimension_weights(const Objective& objective) {
  const std::vector<double>& weights = objective.dimension_weights;
  if (weights.empty()) return;
  if (weights.size() != objective.dimensions.size()) {
    fail(ErrorCode::kUsage,
         "--dimension-weights has {} numbers and --dimensions {} ({}); one weight for each is "
         "wanted",
         weights.size(), objective.dimensions.size(), fmt::join(objective.dimensions, ","));
  }
  for (const double weight : weights) {
    if (std::isfinite(weight) && weight > 0) continue;
    fail(ErrorCode::kUsage, "--dimension-weights: {} is no number above 0", weight);
  }
}

}  // namespace recto
