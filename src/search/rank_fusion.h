#pragma once
// Several rankings of the same rows made one, by the places of the rows alone.

#include <cstdint>
#include <span>
#include <vector>

#include "search/exact.h"

namespace recto {

/// What is added to every rank [Cormack, Clarke and Büttcher 2009].
inline constexpr double kFusionConstant = 60;

/// How deep each ranking goes that is fused into one of k rows.
int64_t fusion_depth(int64_t k);

/// The k best rows by the sum of 1 / (constant + rank) over the rankings a row is in, ranks from 1,
/// best first; of equal sums the row of the smaller place (search/id_order.h).
std::vector<Neighbour> fuse_by_rank(std::span<const std::vector<Neighbour>> rankings, int64_t k,
                                    double constant, std::span<const int32_t> places);

}  // namespace recto
