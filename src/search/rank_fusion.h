#pragma once
// Several rankings of the same rows made one, by the places of the rows alone.

#include <cstdint>
#include <span>
#include <vector>

#include "model/contract.h"
#include "search/exact.h"

namespace recto {

/// What is added to every rank [Cormack, Clarke and Büttcher 2009].
inline constexpr double kFusionConstant = 60;

/// How deep each ranking goes that is fused into one of k rows.
int64_t fusion_depth(int64_t k);

/// A ranking, and how much it counts.
struct WeightedRanking {
  std::vector<Neighbour> rows;
  double weight = 1;
};

/// How much the sparse ranking counts beside the dense one's 1: 3 where the dense vectors come from
/// the vocabulary, which know less than the weights they are made of, else 1. Measured with the
/// nano retriever on families of its training that were left out
/// (docs/decisions/0013-sparse-output.md).
double sparse_rank_weight(const Contract& contract);

/// The k best rows by the sum of weight / (constant + rank) over the rankings a row is in, ranks
/// from 1, best first; of equal sums the row of the smaller place (search/id_order.h).
std::vector<Neighbour> fuse_by_rank(std::span<const WeightedRanking> rankings, int64_t k,
                                    double constant, std::span<const int32_t> places);

}  // namespace recto
