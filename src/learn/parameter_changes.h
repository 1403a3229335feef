#pragma once
// What a training made of a model's own weights, to be written.

#include "learn/torch.h"
#include "model/config.h"
#include "model/tensor_changes.h"

namespace recto {

/// The present values of those of `parameters` that require a gradient and that `weights` have (no
/// adapters, no heads of a training); lm_head.weight follows tied embeddings. The tensors are
/// shared.
TensorChanges parameter_changes(const torch::OrderedDict<std::string, torch::Tensor>& parameters,
                                const Weights& weights, const ModelConfig& config);

}  // namespace recto
