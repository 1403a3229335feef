#pragma once
// How a setting that cannot be meant is refused. Without torch.

#include "base/error.h"

namespace recto {

/// Throws Error(kUsage) "OPTION is FOUND; WHAT is wanted" unless `condition` holds.
template <typename T>
void wanted(bool condition, const char* option, const T& found, const char* what) {
  if (!condition) fail(ErrorCode::kUsage, "{} is {}; {} is wanted", option, found, what);
}

}  // namespace recto
