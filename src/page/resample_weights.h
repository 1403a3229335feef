#pragma once
// The weights of one resampling pass, as Pillow's precompute_coeffs and normalize_coeffs_8bpc
// (src/libImaging/Resample.c) make them.

#include <vector>

#include "page/resample_kernels.h"
#include "page/resize.h"

namespace recto {

struct ResampleWeights {
  /// Output i is the sum over k < taps of weight[k] * input[first + k].
  struct Output {
    int first;
    int taps;
    size_t pairs;  ///< index into `pairs` of its (taps + 1) / 2 entries
  };
  std::vector<Output> outputs;
  std::vector<TapPair> pairs;
};

/// Weights that take `in` samples to `out` samples, both >= 1.
ResampleWeights resample_weights(int in, int out, Filter filter);

}  // namespace recto
