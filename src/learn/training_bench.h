#pragma once
// How fast a model trains here.

#include <optional>
#include <string>

#include "base/json.h"

namespace recto {

struct TrainingBenchOptions {
  std::string model;
  std::string method = "full";  ///< "full", or "lora" (then features of pages are known, as they
                                ///< are from the second epoch on)
  std::optional<int> longest_edge;
  int batch_size = 8;
  int chunk_size = 8;
  int steps = 3;
  int threads = 0;
};

/// Steps of InfoNCE and AdamW on pages of 1240 x 1754 pixels (A4 at 150 dpi) with made-up content
/// and queries of a dozen words. Keys: "pairs_per_second", "seconds_per_step" (best step),
/// "views_per_page", "threads", "method", "peak_memory_bytes", "image_to_views_ms".
Json run_training_bench(const TrainingBenchOptions& options);

}  // namespace recto
