#pragma once
// The ranking by dense vectors and the one by sparse vectors made one.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/contract.h"
#include "search/exact.h"

namespace recto {

/// What is added to every rank [Cormack, Clarke and Büttcher 2009].
inline constexpr double kFusionConstant = 60;

enum class FuseBy {
  kRanks,   ///< the sum of weight / (constant + rank), ranks from 1
  kScores,  ///< weight times the sparse score, and how far the dense one is above the least of its
            ///< ranking
};

struct Fusion {
  FuseBy by = FuseBy::kRanks;
  double constant = kFusionConstant;  ///< of ranks
  double sparse_weight = 1;           ///< of the sparse ranking beside the dense one's 1
};

/// What suits a model. Where the dense vectors come from the vocabulary: scores, the sparse one
/// half; else ranks. How that was chosen: docs/decisions/0013-sparse-output.md.
Fusion default_fusion(const Contract& contract);
/// By ranks or scores, with the weight that suits the model. Of scores the sparse one counts half;
/// of ranks three times where the dense vectors come from the vocabulary, since they know less than
/// the weights they are made of, else once.
Fusion fusion_by(FuseBy by, const Contract& contract);

/// "ranks" or "scores"; throws Error(kUsage) naming `what` for another name.
FuseBy parse_fuse_by(const std::string& name, const char* what);

/// How deep each ranking goes that is fused into one of k rows.
int64_t fusion_depth(int64_t k);

/// The k best rows of both rankings (best first) together; of equal ones the row of the smaller
/// place (search/id_order.h). A row counts in the rankings it is in. A dense score that is not a
/// number counts as the least one.
std::vector<Neighbour> fuse(std::span<const Neighbour> dense, std::span<const Neighbour> sparse,
                            int64_t k, const Fusion& fusion, std::span<const int32_t> places);

}  // namespace recto
