#include "engine/connector.h"

#include <algorithm>

namespace recto {

Connector::Connector(const ModelConfig& config, const Weights& weights, int threads)
    : side_(config.vision.patches_per_side()),
      scale_(config.scale_factor),
      hidden_(config.vision.hidden_size),
      tokens_(config.image_seq_len()),
      projection_({weights.placed("connector.modality_projection.proj.weight")}, {}) {
  Linear* const linears[] = {&projection_};
  packed_ = pack_linears(linears, threads);
}

void Connector::project(const float* patches, float* features, Workspace& w,
                        const Probe& probe) const {
  const int64_t shuffled_width = hidden_ * scale_ * scale_;
  float* const shuffled = w.patches.reserve(tokens_ * shuffled_width);
  pixel_shuffle(patches, side_, scale_, hidden_, shuffled);
  projection_.apply(shuffled, tokens_, features, Epilogue::kStore, w.threads, w.scratchpad);
  if (probe) {
    probe("pixel_shuffle", tokens_, shuffled_width, shuffled, shuffled_width);
    probe("connector.modality_projection", tokens_, width(), features, width());
  }
}

void pixel_shuffle(const float* x, int side, int scale, int64_t hidden, float* out) {
  for (int h = 0; h < side / scale; ++h) {
    for (int w = 0; w < side / scale; ++w) {
      for (int j = 0; j < scale; ++j) {
        // The s patches of a row stand side by side in x too.
        const float* from = x + (static_cast<int64_t>(h * scale + j) * side + w * scale) * hidden;
        out = std::copy_n(from, scale * hidden, out);
      }
    }
  }
}

}  // namespace recto
