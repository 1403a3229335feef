#pragma once
// From hidden states to a vector.

#include <cstdint>
#include <span>

#include "model/contract.h"

namespace recto {

/// `states` [tokens, width] to one vector: the last row, or the mean of all rows. Not for
/// Pooling::kVocabulary, which has no states.
void pool(Pooling pooling, const float* states, int64_t tokens, std::span<float> out);

/// Divides by the Euclidean length, at least 1e-12 (as torch.nn.functional.normalize).
void l2_normalize(std::span<float> vector);

}  // namespace recto
