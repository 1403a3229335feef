#pragma once
// What is seen of a training while it runs: a line of metrics.jsonl for each step, measurement and
// warning, the same for TensorBoard, and the progress bar. Without torch.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "learn/held_out_result.h"
#include "learn/metrics_log.h"
#include "learn/tensorboard_log.h"
#include "learn/train_settings.h"

namespace recto {

/// A step that was taken, or skipped because the loss or a gradient was not a number.
struct StepRecord {
  int64_t step = 0;  ///< from 1
  double loss = 0;   ///< not finite when the step was skipped
  /// Parts of the loss by name, before their weights, where there is more than one.
  std::map<std::string, double> terms;
  int64_t masked = 0;                 ///< queries × documents known to be no negatives
  double learning_rate = 0;           ///< largest of the parameter groups
  double gradient_norm = 0;           ///< before clipping
  std::optional<double> temperature;  ///< where it is learned
  double seconds = 0;                 ///< of training so far, earlier runs included
  size_t pairs = 0;                   ///< of the step

  Json to_json() const;
};

/// How long a run is, for the progress bar.
struct WatchedRun {
  int64_t steps = 0;       ///< in all
  int64_t steps_done = 0;  ///< by earlier runs of the same training
  int64_t steps_per_epoch = 0;
  size_t pairs_per_step = 0;
  double seconds_allowed = 0;  ///< --max-seconds; 0: no limit
};

class TrainingWatch {
 public:
  /// Shows and writes nothing.
  TrainingWatch() = default;
  /// Goes on with what is in the output directory of `settings`; steps after `last_step` are taken
  /// out of it, -1 takes out all. Throws Error(kIo).
  TrainingWatch(const TrainSettings& settings, int64_t last_step);

  /// The first step is about to be taken: shows the progress bar.
  void begin(const WatchedRun& run);
  void step(const StepRecord& record);
  /// From here until measured() or mined() the time is not the training's, and the terminal is free
  /// for another bar.
  void measuring();
  /// `mean_of`: the steps whose mean was measured in the end; empty for the model as it is.
  void measured(int64_t step, const HeldOutResult& result,
                const std::vector<int64_t>& mean_of = {});
  /// Hard negatives were searched before step `step`.
  void mined(int64_t step, Json counts);
  /// Keeps what was warned of at `step`: `details` beside {"step", "warning": kind}.
  void warned(int64_t step, const std::string& kind, Json details);
  /// Takes the progress bar away.
  void end() { progress_.reset(); }

  /// Whether it writes at all.
  bool shows() const { return metrics_.has_value(); }
  /// Of this run's steps so far; 0 before the first. Measurements do not count.
  double pairs_per_second() const;

 private:
  using Clock = std::chrono::steady_clock;

  /// Seconds since the last step, or since begin() or measured().
  double lap();
  std::string note(const StepRecord& record) const;
  void keep(const Json& line);

  std::optional<MetricsLog> metrics_;
  std::optional<TensorBoardLog> tensorboard_;
  WatchedRun run_;
  std::unique_ptr<Progress> progress_;
  Clock::time_point mark_ = Clock::now();
  double step_seconds_ = 0;
  size_t pairs_ = 0;
};

}  // namespace recto
