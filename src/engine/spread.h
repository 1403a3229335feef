#pragma once
// Items of a call side by side; threads that are left over work inside the items.

#include <algorithm>
#include <cstddef>

#include "base/interrupt.h"
#include "base/threads.h"
#include "engine/team.h"
#include "engine/workspace_pool.h"

namespace recto {

/// Calls body(i, workspace) for i in [0, count) on `threads` threads in all. Throws
/// Error(kInterrupted) between items.
template <typename Body>
void spread(size_t count, int threads, WorkspacePool& workspaces, const Body& body) {
  const int workers =
      static_cast<int>(std::min(std::max<size_t>(count, 1), static_cast<size_t>(threads)));
  const int inside = threads / workers;
  parallel_for(count, workers, [&](size_t i) {
    throw_if_interrupted();
    const Team team(inside);
    const WorkspaceLease workspace(workspaces, inside);
    body(i, *workspace);
  });
}

}  // namespace recto
