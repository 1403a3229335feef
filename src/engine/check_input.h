#pragma once
// Whether a model can take an input.

#include "model/config.h"
#include "model/contract.h"
#include "model/input.h"

namespace recto {

/// Throws as make_cpu_embedder() says (engine/cpu_embedder.h) when `input` is not one this model
/// can take.
void check_input(const ModelInput& input, const ModelConfig& config);

/// The same of what is made by `pooling`, to which the weights of a picture may mean nothing.
void check_input(const ModelInput& input, const ModelConfig& config, Pooling pooling);

}  // namespace recto
