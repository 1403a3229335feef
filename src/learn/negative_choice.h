#pragma once
// Which hard negatives of a query a step takes. Without torch.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "learn/training_data.h"

namespace recto {

/// The hard negatives of each query of a training, best first.
using NegativeLists = std::vector<std::vector<size_t>>;

/// Those that the data brings.
NegativeLists negatives_of(const TrainingData& data);

struct NegativeChoice {
  int most = 1;          ///< of a query in a step
  bool sampled = false;  ///< any of the list, drawn anew for each step, instead of the best
  uint64_t seed = 0;
};

/// The negatives of each pair of step `step`, in the order of `pairs`; a function of the arguments
/// alone.
NegativeLists choose_negatives(const TrainingData& data, const NegativeLists& negatives,
                               const std::vector<size_t>& pairs, const NegativeChoice& choice,
                               int64_t step);

}  // namespace recto
