#pragma once
// Which position embedding a patch of the vision tower gets.

#include <cstdint>
#include <vector>

#include "model/contract.h"

namespace recto {

/// Ids of the patches_per_side^2 patches of a full tile, row by row. kIdentity: 0, 1, 2, ...
/// kHf455Fp32: what transformers 4.55 computes in fp32, shifted to 0, 0, 1, ..., P - 2 on each axis
/// (transformers#41190); for comparison with vectors made by it, not for use.
std::vector<int32_t> patch_position_ids(PositionIds kind, int patches_per_side);

}  // namespace recto
