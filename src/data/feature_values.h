#pragma once
// The values of a page's features, as a store keeps them.

#include <cstddef>
#include <span>

#include "model/tensor.h"

namespace recto {

/// `values` rounded to `dtype`, into `out` of as many elements. Throws Error(kBadInput) for a
/// finite value that the type cannot hold.
void round_features(std::span<const float> values, DType dtype, std::span<std::byte> out);

/// Whether they may be stored: neither NaN nor infinity is among them.
bool are_finite(std::span<const float> values);

}  // namespace recto
