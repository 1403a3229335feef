#pragma once
// The held-out queries of a run, measured now and then.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "learn/held_out.h"
#include "learn/training_watch.h"

namespace recto {

class HeldOutSeries {
 public:
  /// References must outlive the object. Without queries in `data` nothing is ever measured.
  HeldOutSeries(const InputBuilder& builder, const TrainingData& data, const PageSource& source,
                int threads, ProcessGroup& group)
      : builder_(builder), data_(data), source_(source), threads_(threads), group_(group) {}

  /// Measures the model as it is after `step` steps and shows it to `watch`; returns false, having
  /// done nothing, when that was measured last. Throws Error(kInterrupted | kIo) and what the group
  /// throws.
  bool measure(RetrieverModel& model, int64_t step, TrainingWatch& watch);
  /// The same for the mean of the model after several steps, the last time.
  HeldOutResult measure_mean(RetrieverModel& model, int64_t step, const std::vector<int64_t>& steps,
                             TrainingWatch& watch);

  /// Of the last measurement.
  const std::optional<HeldOutResult>& latest() const { return latest_; }

  /// For a checkpoint, and back. Throws Error(kBadInput) naming `where`.
  Json state() const;
  void restore(const Json& state, const std::string& where);

 private:
  const InputBuilder& builder_;
  const TrainingData& data_;
  const PageSource& source_;
  int threads_;
  ProcessGroup& group_;
  int64_t measured_at_ = -1;
  std::optional<HeldOutResult> latest_;
};

}  // namespace recto
