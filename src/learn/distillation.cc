#include "learn/distillation.h"

#include <limits>

#include "base/error.h"

namespace recto {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

torch::Tensor indices_where(const torch::Tensor& condition) { return condition.nonzero().view(-1); }

/// 0 that depends on the vectors, so that a backward pass has somewhere to go.
torch::Tensor nothing(const LossInput& input) { return input.queries.sum() * 0; }

/// q·d of each row and column, [k].
torch::Tensor scores_at(const LossInput& input, const torch::Tensor& rows,
                        const torch::Tensor& columns) {
  const torch::Tensor q = input.queries.index_select(0, rows);
  return (q * all_documents(input).index_select(0, columns)).sum(-1);
}

}  // namespace

torch::Tensor all_documents(const LossInput& input) {
  return input.negatives.defined() ? torch::cat({input.positives, input.negatives}, 0)
                                   : input.positives;
}

torch::Tensor over_temperature(const LossInput& input, const torch::Tensor& values) {
  return input.learned_temperature.defined() ? values / input.learned_temperature
                                             : values / input.temperature;
}

OwnNegatives own_negatives(const LossInput& input) {
  if (!input.negatives.defined()) {
    const torch::Tensor none = torch::empty({0}, input.queries.options().dtype(torch::kInt64));
    return {none, none};
  }
  const torch::Tensor rows = input.negative_rows - input.offset;
  const torch::Tensor mine = indices_where((rows >= 0).logical_and(rows < input.queries.size(0)));
  return {rows.index_select(0, mine), mine + input.positives.size(0)};
}

torch::Tensor score_margins(const LossInput& input, const OwnNegatives& negatives) {
  return scores_at(input, negatives.rows, negatives.rows + input.offset) -
         scores_at(input, negatives.rows, negatives.columns);
}

torch::Tensor taught_vectors(const LossInput& input) {
  const int64_t queries = input.queries.size(0);
  const int64_t documents = all_documents(input).size(0);
  if (!input.teacher.vectors.defined()) {
    return torch::zeros({queries + documents}, input.queries.options().dtype(torch::kBool));
  }
  torch::Tensor taught = input.teacher.has_vector.clone();
  if (input.repeated.defined()) {
    taught.narrow(0, queries, documents).logical_and_(input.repeated.logical_not());
  }
  return taught;
}

torch::Tensor taught_scores(const LossInput& input) {
  if (!input.teacher.scores.defined()) {
    return torch::zeros({input.queries.size(0), all_documents(input).size(0)},
                        input.queries.options().dtype(torch::kBool));
  }
  const torch::Tensor known = input.teacher.scores.isnan().logical_not();
  return input.repeated.defined() ? known.logical_and(input.repeated.logical_not()) : known;
}

OwnNegatives taught_negatives(const LossInput& input) {
  const OwnNegatives own = own_negatives(input);
  if (!input.teacher.scores.defined() || own.columns.numel() == 0) {
    return {own.rows.narrow(0, 0, 0), own.columns.narrow(0, 0, 0)};
  }
  const torch::Tensor& scores = input.teacher.scores;
  const torch::Tensor unknown = scores.index({own.rows, own.rows + input.offset}).isnan() |
                                scores.index({own.rows, own.columns}).isnan();
  const torch::Tensor known = indices_where(unknown.logical_not());
  return {own.rows.index_select(0, known), own.columns.index_select(0, known)};
}

torch::Tensor cosine_distillation(const LossInput& input) {
  const torch::Tensor taught = indices_where(taught_vectors(input));
  if (taught.numel() == 0) return nothing(input);
  const torch::Tensor student =
      torch::cat({input.queries, all_documents(input)}, 0).index_select(0, taught);
  const torch::Tensor teacher = input.teacher.vectors.index_select(0, taught);
  return 1 - at::cosine_similarity(student, teacher, /*dim=*/-1).mean();
}

torch::Tensor kl_distillation(const LossInput& input) {
  const torch::Tensor all = taught_scores(input);
  const torch::Tensor rows = indices_where(all.sum(1) >= 2);
  if (rows.numel() == 0) return nothing(input);
  const torch::Tensor unknown = all.index_select(0, rows).logical_not();
  const torch::Tensor s =
      over_temperature(input, input.queries.index_select(0, rows).mm(all_documents(input).t()));
  const torch::Tensor t =
      input.teacher.scores.index_select(0, rows).to(s.dtype()) / input.teacher.temperature;
  const torch::Tensor log_s = s.masked_fill(unknown, -kInfinity).log_softmax(-1);
  const torch::Tensor log_t = t.masked_fill(unknown, -kInfinity).log_softmax(-1);
  // 0 · (-inf + inf) where a document is left out.
  const torch::Tensor difference = (log_t - log_s).masked_fill(unknown, 0);
  return (log_t.exp() * difference).sum(-1).mean();
}

torch::Tensor margin_distillation(const LossInput& input) {
  const OwnNegatives known = taught_negatives(input);
  if (known.columns.numel() == 0) return nothing(input);
  const torch::Tensor& scores = input.teacher.scores;
  const torch::Tensor wanted = scores.index({known.rows, known.rows + input.offset}) -
                               scores.index({known.rows, known.columns});
  return (wanted - score_margins(input, known)).square().mean();
}

}  // namespace recto
