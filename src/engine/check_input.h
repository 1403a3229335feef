#pragma once
// Whether a model can take an input.

#include "model/config.h"
#include "model/contract.h"
#include "model/input.h"

namespace recto {

/// Throws as make_cpu_embedder() says (engine/cpu_embedder.h) when `input` is not one this model
/// can take.
void check_input(const ModelInput& input, const ModelConfig& config);

/// Throws Error(kBadInput) for an input with the weights of a picture, of which vectors by
/// `pooling` are not made.
void check_takes_weights(const ModelInput& input, Pooling pooling);

}  // namespace recto
