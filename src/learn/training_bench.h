#pragma once
// How fast a model trains here.

#include <optional>
#include <string>

#include "base/json.h"

namespace recto {

struct TrainingBenchOptions {
  std::string model;
  std::string method = "full";  ///< "full" or "lora"
  /// With "lora", where the features of pages come from: "cached" (computed in the first epoch),
  /// "uncached" (computed in every step), "random" (numbers; nothing is computed).
  std::string features = "cached";
  std::optional<int> longest_edge;
  int batch_size = 8;
  int chunk_size = 8;
  int pages = 0;   ///< of an epoch; 0: those of one step
  int epochs = 3;  ///< that are timed, after a first one; 0: the first is the one timed
  int threads = 0;
};

/// Epochs of InfoNCE and AdamW on pages of 1240 x 1754 pixels (A4 at 150 dpi) with made-up content
/// and queries of a dozen words. Keys: "first_epoch_seconds"; of the best later epoch
/// "epoch_seconds", "seconds_per_step", "pairs_per_second", the same three by the processor's time
/// under "cpu", and "gflops"; "gflop_per_step", "selftest_gflops" (of the engine's products),
/// "views_per_page", "later_vision_views" (through the vision tower after the first epoch),
/// "threads", "method", "features", "peak_memory_bytes", "estimated_memory_bytes" (what a
/// training says before its start), "image_to_views_ms".
Json run_training_bench(const TrainingBenchOptions& options);

}  // namespace recto
