#pragma once
// The hash of a checkpoint's weights, remembered between runs.

#include <string>

#include "model/weights.h"

namespace recto {

/// weights.sha256(), of weights as they were loaded. For large ones the result is kept in the
/// user's cache ($XDG_CACHE_HOME/recto or ~/.cache/recto) under the identity of the files (device,
/// inode, size, times of change); where nothing can be kept, it is computed every time. See
/// docs/decisions/0004-weights-hash.md.
std::string weights_sha256(const Weights& weights);

}  // namespace recto
