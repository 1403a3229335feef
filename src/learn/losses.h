#pragma once
// Contrastive losses over L2-normalised vectors.

#include <string>
#include <vector>

#include "learn/torch.h"

namespace recto {

/// What a loss is computed on. Row i of `queries` belongs to row offset + i of `positives`: with
/// several ranks the positives of all of them are here, the queries of this one.
struct LossInput {
  torch::Tensor queries;        ///< [b, d]
  torch::Tensor positives;      ///< [B, d], B >= offset + b
  torch::Tensor negatives;      ///< [m, d] hard negatives of all queries; undefined for none
  torch::Tensor negative_rows;  ///< [m] int64, the row of `positives` each negative belongs to
  torch::Tensor mask;  ///< [b, B + m] bool, true where a document is known not to be a negative of
                       ///< the query; its score becomes -inf. Undefined for none.
  double temperature = 0.02;
  int64_t offset = 0;
};

enum class LossKind { kInfoNce, kSymmetric, kBiNegative };
/// "infonce", "symmetric", "binegative". Throws Error(kUsage) naming them for another name.
LossKind parse_loss(const std::string& name);

/// kInfoNce: cross-entropy of S = Q·[P; N]ᵀ / temperature with the own positive as target.
/// kSymmetric: the mean of that and the cross-entropy of Sᵀ restricted to the positives.
/// kBiNegative: ½ mean softplus((s_neg - s_pos) / temperature) over the hard negatives of this
/// rank's queries + ½ InfoNCE without hard negatives (colpali-engine's BiNegativeCELoss).
torch::Tensor contrastive_loss(LossKind kind, const LossInput& input);

/// Sum over `dimensions` of the loss on the first d components, L2-normalised again. [Kusupati et
/// al. 2022]
torch::Tensor matryoshka_loss(LossKind kind, const LossInput& input,
                              const std::vector<int>& dimensions);

}  // namespace recto
