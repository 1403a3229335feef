#pragma once
// Gradients of a step from all processes of a training.

#include <vector>

#include "learn/optimizer.h"
#include "learn/process_group.h"

namespace recto {

/// Replaces the gradients of `parameters` by their sums over all processes; a parameter without a
/// gradient in every process stays so. Returns `loss`, which all processes have computed, or NaN in
/// all of them when it is not finite in one: the gradients are then of no use. With one process
/// nothing changes. Throws what the group throws.
double sum_gradients(ProcessGroup& group, const std::vector<NamedParameter>& parameters,
                     double loss);

}  // namespace recto
