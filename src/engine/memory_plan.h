#pragma once
// How much memory a call of the engine will take, before it takes it.

#include <cstdint>
#include <span>

#include "model/config.h"
#include "model/input.h"

namespace recto {

/// fp32 bytes of the weights each tower packs.
uint64_t vision_weight_bytes(const ModelConfig& config);
uint64_t text_weight_bytes(const ModelConfig& config);
/// Activations of one tile in one thread.
uint64_t vision_workspace_bytes(const ModelConfig& config);
/// Activations of `tokens` tokens of which a sequence has at most `longest`.
uint64_t text_workspace_bytes(const ModelConfig& config, int64_t tokens, int64_t longest);
/// Visual tokens kept between the towers.
uint64_t feature_bytes(const ModelConfig& config, int64_t views);

/// Bytes that a SparsePart packs, and those of the workspaces of `threads` threads that use it.
uint64_t sparse_bytes(const ModelConfig& config, int threads);

}  // namespace recto
