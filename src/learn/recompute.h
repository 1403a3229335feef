#pragma once
// Gradient checkpointing: a layer whose activations are computed again for the backward pass
// instead of being kept. [Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"]

#include <functional>

#include "learn/torch.h"

namespace recto {

/// layer(x), of which only x is kept until the backward pass. `layer` must be a function of x and
/// of parameters that stay as they are until then, and give the same bits each time; values and
/// gradients are then those of layer(x) itself, bit for bit. Without a gradient to compute it is
/// called once, like any function.
torch::Tensor recomputed(const torch::Tensor& x,
                         std::function<torch::Tensor(const torch::Tensor&)> layer);

}  // namespace recto
