#include "learn/losses.h"

#include <limits>

#include "base/error.h"
#include "learn/distillation.h"

namespace recto {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

torch::Tensor targets(const LossInput& input) {
  return torch::arange(input.queries.size(0), input.queries.options().dtype(torch::kInt64)) +
         input.offset;
}

/// [b, columns], true where a document is compared with a query.
torch::Tensor compared(const LossInput& input, int64_t columns) {
  if (input.mask.defined()) return input.mask.narrow(1, 0, columns).logical_not();
  return torch::ones({input.queries.size(0), columns}, input.queries.options().dtype(torch::kBool));
}

/// S [b, B + m] or [b, B], masked.
torch::Tensor scores(const LossInput& input, bool with_negatives) {
  const torch::Tensor documents = with_negatives ? all_documents(input) : input.positives;
  const torch::Tensor s = over_temperature(input, input.queries.mm(documents.t()));
  if (!input.mask.defined()) return s;
  return s.masked_fill(input.mask.narrow(1, 0, s.size(1)), -kInfinity);
}

torch::Tensor infonce(const LossInput& input, bool with_negatives) {
  return at::cross_entropy_loss(scores(input, with_negatives), targets(input));
}

torch::Tensor page_to_query(const LossInput& input) {
  const int64_t count = input.queries.size(0);
  const torch::Tensor own = scores(input, /*with_negatives=*/false).narrow(1, input.offset, count);
  return at::cross_entropy_loss(own.t(), targets(input) - input.offset);
}

/// Hard negatives that kBiNegative compares: those of these queries that are not masked.
OwnNegatives open_negatives(const LossInput& input) {
  OwnNegatives own = own_negatives(input);
  if (!input.mask.defined() || own.columns.numel() == 0) return own;
  const torch::Tensor open =
      input.mask.index({own.rows, own.columns}).logical_not().nonzero().view(-1);
  return {own.rows.index_select(0, open), own.columns.index_select(0, open)};
}

torch::Tensor binegative(const LossInput& input) {
  const torch::Tensor in_batch = infonce(input, /*with_negatives=*/false);
  const OwnNegatives own = open_negatives(input);
  if (own.columns.numel() == 0) return in_batch;
  const torch::Tensor margins = score_margins(input, own);
  return 0.5 * (at::softplus(over_temperature(input, -margins)).mean() + in_batch);
}

/// Rows of `open` [rows, columns] with at least two columns.
int64_t rows_with_a_choice(const torch::Tensor& open) {
  return (open.sum(1) >= 2).sum().item<int64_t>();
}

torch::Tensor prefix(const torch::Tensor& vectors, int64_t dimensions) {
  if (!vectors.defined()) return vectors;
  const torch::Tensor part = vectors.narrow(1, 0, dimensions);
  return part / part.norm(2, -1, /*keepdim=*/true).clamp_min(1e-12);
}

}  // namespace

torch::Tensor loss_value(LossKind kind, const LossInput& input) {
  switch (kind) {
    case LossKind::kInfoNce:
      return infonce(input, /*with_negatives=*/true);
    case LossKind::kSymmetric:
      return 0.5 * (infonce(input, /*with_negatives=*/true) + page_to_query(input));
    case LossKind::kBiNegative:
      return binegative(input);
    case LossKind::kDistillCosine:
      return cosine_distillation(input);
    case LossKind::kDistillKl:
      return kl_distillation(input);
    case LossKind::kDistillMarginMse:
      return margin_distillation(input);
  }
  fail(ErrorCode::kInternal, "a loss without a formula");
}

int64_t count_comparisons(LossKind kind, const LossInput& input) {
  const int64_t positives = input.positives.size(0), documents = all_documents(input).size(0);
  switch (kind) {
    case LossKind::kInfoNce:
      return rows_with_a_choice(compared(input, documents));
    case LossKind::kSymmetric:
      return rows_with_a_choice(compared(input, documents)) +
             rows_with_a_choice(
                 compared(input, positives).narrow(1, input.offset, input.queries.size(0)).t());
    case LossKind::kBiNegative:
      return rows_with_a_choice(compared(input, positives)) + open_negatives(input).columns.numel();
    case LossKind::kDistillCosine:
      return taught_vectors(input).sum().item<int64_t>();
    case LossKind::kDistillKl:
      return rows_with_a_choice(taught_scores(input));
    case LossKind::kDistillMarginMse:
      return taught_negatives(input).columns.numel();
  }
  fail(ErrorCode::kInternal, "a loss without a count");
}

LossInput prefix_input(const LossInput& input, int64_t dimensions) {
  LossInput part = input;
  part.queries = prefix(input.queries, dimensions);
  part.positives = prefix(input.positives, dimensions);
  part.negatives = prefix(input.negatives, dimensions);
  part.teacher.vectors = prefix(input.teacher.vectors, dimensions);
  return part;
}

}  // namespace recto
