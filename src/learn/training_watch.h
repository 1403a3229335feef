#pragma once
// What is seen of a training while it runs: a line of metrics.jsonl for each step, measurement and
// warning, and the progress bar. Without torch.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/progress.h"
#include "learn/held_out_result.h"
#include "learn/metrics_log.h"

namespace recto {

/// A step that was taken, or skipped because the loss or a gradient was not a number.
struct StepRecord {
  int64_t step = 0;            ///< from 1
  double loss = 0;             ///< not finite when the step was skipped
  double learning_rate = 0;    ///< largest of the parameter groups
  double gradient_norm = 0;    ///< before clipping
  double seconds = 0;          ///< of training so far, earlier runs included
  size_t pairs = 0;            ///< of the step
  double seconds_allowed = 0;  ///< --max-seconds; 0: no limit

  Json to_json() const;
};

class TrainingWatch {
 public:
  /// Goes on with metrics.jsonl in `output`; lines of steps after `last_step` are taken out of it.
  /// -1 takes out all. Throws Error(kIo).
  TrainingWatch(const std::filesystem::path& output, int64_t last_step);

  /// Shows the progress bar. `pairs` are those to come, 0 when nobody knows how many.
  void begin(uint64_t pairs);
  void step(const StepRecord& record);
  void measured(int64_t step, const HeldOutResult& result);
  /// Takes the progress bar away.
  void end() { progress_.reset(); }

 private:
  MetricsLog metrics_;
  std::unique_ptr<Progress> progress_;
};

}  // namespace recto
