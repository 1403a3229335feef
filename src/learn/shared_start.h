#pragma once
// The start of a training of several processes from one state.

#include "base/json.h"
#include "learn/optimizer.h"
#include "learn/process_group.h"

namespace recto {

/// Gives every process the parameters and the optimiser state of rank 0, and its `place` in the
/// training. `run` is what decides the result: throws Error(kMismatch) in a process whose own is
/// another, naming the entry; and what the group throws.
void share_start(ProcessGroup& group, const Json& run, Json& place, AdamW& optimizer);

}  // namespace recto
