#pragma once
// What is said when a training ends between two steps.

#include <cstdint>

#include "learn/process_group.h"

namespace recto {

/// Whether the state after the last whole step is worth keeping: an interrupt, or another process
/// failed or was lost. Not when the training itself went wrong.
bool worth_a_checkpoint(const ProcessGroup& group, const Error& cause);

/// The error to end with once rank 0 has written its checkpoint: what happened, after which of
/// `steps` steps, and how to go on.
Error early_end(const ProcessGroup& group, const Error& cause, int64_t step, int64_t steps);

}  // namespace recto
