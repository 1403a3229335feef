#pragma once
// Weights drawn from a seed, the same on every machine and with any number of threads.

#include <cstdint>
#include <filesystem>

#include "model/config.h"

namespace recto {

/// Writes a safetensors file with all tensors of `config` (and an untied head) in the layout of its
/// architecture, as config.dtype: norms 1, biases 0, everything else normal with standard deviation
/// 0.02. One tensor is in memory at a time. Throws Error(kIo | kInterrupted) and leaves no file.
void write_random_weights(const ModelConfig& config, uint64_t seed,
                          const std::filesystem::path& path);

}  // namespace recto
