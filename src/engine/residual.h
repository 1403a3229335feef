#pragma once
// The residual connection at the end of attention and MLP.

#include <string>

#include "engine/linear.h"
#include "engine/workspace.h"

namespace recto {

/// workspace.states += linear(source) for `rows` rows. With a probe, the first `shown` rows of the
/// sum's second term are shown under `name`.
void add_residual(const Linear& linear, const float* source, int64_t rows, Workspace& workspace,
                  const std::string& name, const Probe& probe, int64_t shown);

}  // namespace recto
