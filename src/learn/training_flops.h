#pragma once
// How much arithmetic a training step is: multiplications and additions counted apart.

#include <cstdint>
#include <span>

#include "model/config.h"

namespace recto {

/// Of one view through the vision tower and the connector.
double vision_view_flops(const ModelConfig& config);

/// What a step on sequences of `lengths` tokens does in the text model: forward (twice when it is
/// cut into chunks), gradients of the inputs, and of the weights when they are trained; `lora_rank`
/// 0: no adapters.
double text_step_flops(const ModelConfig& config, std::span<const int64_t> lengths, int lora_rank,
                       bool weights_trained, bool chunked);

}  // namespace recto
