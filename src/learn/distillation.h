#pragma once
// The parts of learn/losses.h that learn from a teacher, and what the losses share.

#include "learn/losses.h"

namespace recto {

/// [B + m, d]: positives, then negatives.
torch::Tensor all_documents(const LossInput& input);

/// `values` divided by the temperature, fixed or learned.
torch::Tensor over_temperature(const LossInput& input, const torch::Tensor& values);

/// Hard negatives of the queries of the input, among those of the whole batch.
struct OwnNegatives {
  torch::Tensor rows;     ///< [k] int64, the query each belongs to
  torch::Tensor columns;  ///< [k] int64, its place among all documents
};
OwnNegatives own_negatives(const LossInput& input);

/// q·p - q·n of each, [k].
torch::Tensor score_margins(const LossInput& input, const OwnNegatives& negatives);

/// [b + B + m] bool: the queries and documents that kDistillCosine compares.
torch::Tensor taught_vectors(const LossInput& input);
/// [b, B + m] bool: the documents that kDistillKl compares.
torch::Tensor taught_scores(const LossInput& input);
/// The hard negatives that kDistillMarginMse compares.
OwnNegatives taught_negatives(const LossInput& input);

torch::Tensor cosine_distillation(const LossInput& input);
torch::Tensor kl_distillation(const LossInput& input);
torch::Tensor margin_distillation(const LossInput& input);

}  // namespace recto
