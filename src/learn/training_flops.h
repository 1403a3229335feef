#pragma once
// How much arithmetic a training step is: multiplications and additions counted apart.

#include <cstdint>
#include <span>

#include "model/config.h"

namespace recto {

/// Of one view through the vision tower and the connector.
double vision_view_flops(const ModelConfig& config);

/// Of sequences of these numbers of tokens through the text model, causal attention.
double text_forward_flops(const ModelConfig& config, std::span<const int64_t> lengths);

/// Of a LoRA of `rank` on the text model's seven linear layers, for one token, forward.
double lora_token_flops(const ModelConfig& config, int rank);

/// What a step on `lengths` does in the text model: forward (twice when it is cut into chunks),
/// gradients of the inputs, and of the weights when they are trained; `lora_rank` 0: no adapters.
double text_step_flops(const ModelConfig& config, std::span<const int64_t> lengths, int lora_rank,
                       bool weights_trained, bool chunked);

}  // namespace recto
