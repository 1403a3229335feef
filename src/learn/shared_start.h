#pragma once
// The start of a training of several processes from one state.

#include <vector>

#include "base/json.h"
#include "learn/optimizer.h"
#include "learn/process_group.h"

namespace recto {

/// Gives every process the values that rank 0 has in `tensors`. Throws what the group throws.
void share_tensors(ProcessGroup& group, const std::vector<NamedParameter>& tensors);

/// Gives every process the parameters and the optimiser state of rank 0, and its `place` in the
/// training. `run` is what decides the result: throws Error(kMismatch) in a process whose own is
/// another, naming the entry; and what the group throws.
void share_start(ProcessGroup& group, const Json& run, Json& place, AdamW& optimizer);

}  // namespace recto
