#pragma once
// From the patches of a tile to its visual tokens.

#include <cstdint>

#include "engine/linear.h"
#include "engine/workspace.h"
#include "model/config.h"
#include "model/weights.h"

namespace recto {

/// Pixel shuffle (scale x scale neighbouring patches become one row) and one linear layer without
/// bias. Immutable after construction.
class Connector {
 public:
  Connector(const ModelConfig& config, const Weights& weights, int threads);

  /// Visual tokens of a tile.
  int64_t tokens() const { return tokens_; }
  int64_t width() const { return projection_.outputs(); }
  /// `features` [tokens, width] from the tower's output [P^2, hidden].
  void project(const float* patches, float* features, Workspace& workspace,
               const Probe& probe) const;

 private:
  int side_;
  int scale_;
  int64_t hidden_;
  int64_t tokens_;
  Linear projection_;
  Buffer packed_;
};

/// out[h (P/s) + w][(j s + k) E + e] = x[(h s + j) P + w s + k][e] for j, k in [0, s).
void pixel_shuffle(const float* x, int side, int scale, int64_t hidden, float* out);

}  // namespace recto
