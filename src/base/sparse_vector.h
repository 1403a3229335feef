#pragma once
// A vector most of whose components are zero: weights of the tokens of a vocabulary.

#include <cstdint>
#include <vector>

namespace recto {

struct SparseVector {
  std::vector<int32_t> ids;    ///< of the components that are not zero, ascending
  std::vector<float> weights;  ///< one for each id, above zero

  bool operator==(const SparseVector&) const = default;
};

}  // namespace recto
