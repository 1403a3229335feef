#pragma once
// --fresh: parameters that a training begins anew with, whatever its model has.

#include <cstdint>
#include <string>
#include <vector>

#include "learn/torch.h"

namespace recto {

/// Standard deviation of weights that begin anew.
inline constexpr double kFreshDeviation = 0.02;

/// Fills `values`, fp32 on the CPU, with normal numbers of deviation kFreshDeviation; the same for
/// the same seed and stream.
void draw_fresh(torch::Tensor values, uint64_t seed, uint64_t stream);

/// Parameters of `model` whose whole name one of `patterns` matches become what those of a model of
/// random weights are: matrices draw_fresh(), norms 1, biases 0. How many each pattern matches is
/// said on stderr. Throws Error(kUsage) for a pattern that matches nothing.
void begin_anew(torch::nn::Module& model, const std::vector<std::string>& patterns, uint64_t seed);

}  // namespace recto
