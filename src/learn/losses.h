#pragma once
// Losses over L2-normalised vectors: contrastive ones, and those that learn from a teacher.

#include <cstdint>

#include "learn/loss_terms.h"
#include "learn/torch.h"

namespace recto {

/// What a teacher knows of the queries and documents of a LossInput. The documents are the
/// positives, then the negatives.
struct TeacherTargets {
  torch::Tensor vectors;  ///< [b + B + m, d] of queries, then documents, L2-normalised; undefined
                          ///< when it has none
  torch::Tensor has_vector;  ///< [b + B + m] bool, true where a row of `vectors` is one
  torch::Tensor scores;      ///< [b, B + m], NaN where it has none; undefined when it has none
  double temperature = 0.05;
};

/// What a loss is computed on. Row i of `queries` belongs to row offset + i of `positives`: the
/// queries can be a part of the batch, the documents are all of it.
struct LossInput {
  torch::Tensor queries;        ///< [b, d]
  torch::Tensor positives;      ///< [B, d], B >= offset + b
  torch::Tensor negatives;      ///< [m, d] hard negatives of all queries; undefined for none
  torch::Tensor negative_rows;  ///< [m] int64, the row of `positives` each negative belongs to
  torch::Tensor mask;  ///< [b, B + m] bool, true where a document is known not to be a negative of
                       ///< the query; its score becomes -inf. Undefined for none.
  torch::Tensor repeated;  ///< [B + m] bool, true where a document stands in an earlier column
                           ///< too. Undefined for none.
  double temperature = 0.02;
  torch::Tensor learned_temperature;  ///< [1] in place of `temperature` when it is defined
  int64_t offset = 0;
  TeacherTargets teacher;
};

/// S = Q·[P; N]ᵀ / temperature, [b, B + m], before any mask.
///
/// kInfoNce: cross-entropy of the masked S with the own positive as target.
/// kSymmetric: the mean of that and the cross-entropy of Sᵀ restricted to the positives.
/// kBiNegative: ½ mean softplus((s_neg - s_pos) / temperature) over the hard negatives of these
/// queries that are not masked + ½ InfoNCE without hard negatives (colpali-engine's
/// BiNegativeCELoss); InfoNCE alone when there are none.
/// kDistillCosine: mean of 1 - cos(student, teacher) over all queries and documents that have a
/// teacher's vector, each document once.
/// kDistillKl: KL(softmax(teacher / its temperature) ‖ softmax(S)) over the documents that have a
/// teacher's score, each once, masked or not; mean over the queries that have two such documents.
/// kDistillMarginMse: mean of (teacher(q, p) - teacher(q, n) - (q·p - q·n))² over the hard
/// negatives where both are known [Hofstätter et al. 2020]. A loss that finds nothing to compare is
/// 0 (with a graph).
torch::Tensor loss_value(LossKind kind, const LossInput& input);

/// How many things of `input` the loss can learn from: queries with a document to tell their own
/// from (kInfoNce, kSymmetric: and pages with such a query, kBiNegative: and hard negatives),
/// vectors, queries, hard negatives. When it is 0 the loss is 0 whatever the vectors are.
int64_t count_comparisons(LossKind kind, const LossInput& input);

/// The loss input on the first `dimensions` components of all vectors, L2-normalised again. The
/// teacher's vectors are cut too, its scores stay.
LossInput prefix_input(const LossInput& input, int64_t dimensions);

}  // namespace recto
