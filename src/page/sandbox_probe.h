#pragma once
// Tries from inside what the sandbox must forbid.

#include <vector>

#include "page/worker_protocol.h"

namespace recto {

/// Tries to read a file, create one, open sockets, start a process or a program, signal the
/// parent, get executable memory and raise a limit; says how each ended. Nothing is left behind
/// where an attempt succeeds.
std::vector<ProbeAnswer::Attempt> probe_sandbox();

}  // namespace recto
