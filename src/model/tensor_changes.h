#pragma once
// New values of some of a model's weights, made one tensor at a time, so that a model can be
// written without a second copy of it in memory.

#include <functional>
#include <map>
#include <span>
#include <string>

#include "model/adapter.h"
#include "model/weights.h"

namespace recto {

/// By canonical name of the tensor that they stand in place of: writes its elements as fp32.
using TensorChanges = std::map<std::string, std::function<void(std::span<float>)>>;

/// The layers of `weights` with `adapter` merged into them, as merge_adapter() does it. Both must
/// outlive the result. Throws Error(kUnsupported) for an adapted head the weights lack.
TensorChanges merged_layers(const Weights& weights, const Adapter& adapter);

}  // namespace recto
