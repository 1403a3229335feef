#include "learn/losses.h"

#include <limits>

#include "base/error.h"

namespace recto {
namespace {

torch::Tensor targets(const LossInput& input) {
  return torch::arange(input.queries.size(0), input.queries.options().dtype(torch::kInt64)) +
         input.offset;
}

/// S [b, B + m], masked.
torch::Tensor scores(const LossInput& input, bool with_negatives) {
  const bool negatives = with_negatives && input.negatives.defined();
  const torch::Tensor documents =
      negatives ? torch::cat({input.positives, input.negatives}, 0) : input.positives;
  const torch::Tensor s = input.queries.mm(documents.t()) / input.temperature;
  if (!input.mask.defined()) return s;
  return s.masked_fill(input.mask.narrow(1, 0, s.size(1)),
                       -std::numeric_limits<double>::infinity());
}

torch::Tensor infonce(const LossInput& input, bool with_negatives) {
  return at::cross_entropy_loss(scores(input, with_negatives), targets(input));
}

torch::Tensor page_to_query(const LossInput& input) {
  const int64_t count = input.queries.size(0);
  const torch::Tensor own = scores(input, /*with_negatives=*/false).narrow(1, input.offset, count);
  return at::cross_entropy_loss(own.t(), targets(input) - input.offset);
}

torch::Tensor pairwise(const LossInput& input) {
  const torch::Tensor rows = input.negative_rows - input.offset;
  const torch::Tensor mine =
      (rows >= 0).logical_and(rows < input.queries.size(0)).nonzero().view(-1);
  const torch::Tensor owners = rows.index_select(0, mine);
  const torch::Tensor q = input.queries.index_select(0, owners);
  const torch::Tensor p = input.positives.index_select(0, owners + input.offset);
  const torch::Tensor n = input.negatives.index_select(0, mine);
  return at::softplus(((q * n).sum(-1) - (q * p).sum(-1)) / input.temperature).mean();
}

torch::Tensor prefix(const torch::Tensor& vectors, int64_t dimensions) {
  if (!vectors.defined()) return vectors;
  const torch::Tensor part = vectors.narrow(1, 0, dimensions);
  return part / part.norm(2, -1, /*keepdim=*/true).clamp_min(1e-12);
}

}  // namespace

LossKind parse_loss(const std::string& name) {
  if (name == "infonce") return LossKind::kInfoNce;
  if (name == "symmetric") return LossKind::kSymmetric;
  if (name == "binegative") return LossKind::kBiNegative;
  fail(ErrorCode::kUsage, "\"{}\" is no loss; infonce, symmetric or binegative is wanted", name);
}

torch::Tensor contrastive_loss(LossKind kind, const LossInput& input) {
  switch (kind) {
    case LossKind::kInfoNce:
      return infonce(input, /*with_negatives=*/true);
    case LossKind::kSymmetric:
      return 0.5 * (infonce(input, /*with_negatives=*/true) + page_to_query(input));
    case LossKind::kBiNegative: {
      const torch::Tensor in_batch = infonce(input, /*with_negatives=*/false);
      return input.negatives.defined() ? 0.5 * (pairwise(input) + in_batch) : in_batch;
    }
  }
  fail(ErrorCode::kInternal, "a loss without a formula");
}

torch::Tensor matryoshka_loss(LossKind kind, const LossInput& input,
                              const std::vector<int>& dimensions) {
  torch::Tensor sum;
  for (const int d : dimensions) {
    LossInput part = input;
    part.queries = prefix(input.queries, d);
    part.positives = prefix(input.positives, d);
    part.negatives = prefix(input.negatives, d);
    const torch::Tensor loss = contrastive_loss(kind, part);
    sum = sum.defined() ? sum + loss : loss;
  }
  return sum;
}

}  // namespace recto
