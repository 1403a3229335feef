#pragma once
// How a tensor goes into a hash of weights.

#include <functional>
#include <span>
#include <string>

#include "base/sha256.h"
#include "model/tensor.h"

namespace recto {

/// Adds name, NUL, dtype name, NUL, shape as shape_text, NUL, bytes. Each part of the bytes goes to
/// `done` (if there is one) when it is not needed any more. Throws Error(kInterrupted).
void hash_tensor(Sha256& hash, const std::string& name, const TensorView& tensor,
                 const std::function<void(std::span<const std::byte>)>& done = {});

}  // namespace recto
