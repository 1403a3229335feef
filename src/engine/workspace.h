#pragma once
// What one thread of the engine needs to run a forward pass: its activations.

#include <cstdint>
#include <functional>
#include <string>

#include "engine/buffer.h"

namespace recto {

/// Activations of one forward pass, kept between passes. One thread uses it at a time.
struct Workspace {
  int threads = 1;         ///< of the team that runs the pass
  FloatBuffer patches;     ///< vision tower's input; later its shuffled output
  FloatBuffer states;      ///< the residual stream [rows, hidden]
  FloatBuffer normed;      ///< [rows, hidden]
  FloatBuffer projected;   ///< queries, keys and values side by side
  FloatBuffer attended;    ///< attention's output
  FloatBuffer hidden;      ///< inside the MLP
  FloatBuffer gated;       ///< silu(gate) * up
  FloatBuffer attention;   ///< scratch of each thread's attention
  FloatBuffer scratchpad;  ///< oneDNN's
};

/// Shown activations inside a pass: `values` has `rows` rows of `width` floats, `stride` apart.
using Probe = std::function<void(const std::string& name, int64_t rows, int64_t width,
                                 const float* values, int64_t stride)>;

}  // namespace recto
