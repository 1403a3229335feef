#pragma once
// What a training minimises: a weighted sum of losses, over one length of the vectors or several.

#include <string>
#include <vector>

#include "learn/losses.h"

namespace recto {

struct Objective {
  std::vector<LossTerm> terms = {{}};
  /// Prefix lengths that each term is summed over, the full length first [Kusupati et al. 2022]; of
  /// one or none the vectors are taken as they are.
  std::vector<int> dimensions;
  std::vector<double> dimension_weights;  ///< of each of `dimensions`; none: 1 each
};

struct ObjectiveValue {
  torch::Tensor total;        ///< [] Σ weight · term
  std::vector<double> terms;  ///< Σ over dimensions of weight · loss, one a term, before its weight
};

/// Computes all terms; `total` has a graph down to the vectors and the learned temperature.
ObjectiveValue evaluate_objective(const Objective& objective, const LossInput& input);

/// Throws Error(kUsage) for weights that are not one a dimension, each a number above 0.
void check_dimension_weights(const Objective& objective);

}  // namespace recto
