#pragma once
// What is done about a step whose loss or gradient is not a number. Without torch.

#include <cstdint>

namespace recto {

/// Counts the steps that were skipped.
class StepGuard {
 public:
  static constexpr int kMostBadSteps = 5;  ///< in a row

  /// `learning_rate` is that of the run, for the message. The counts go on from a checkpoint's.
  explicit StepGuard(double learning_rate) : learning_rate_(learning_rate) {}
  void restore(int bad_steps, int64_t skipped) {
    bad_steps_ = bad_steps;
    skipped_ = skipped;
  }

  void accept() { bad_steps_ = 0; }
  /// Says that step `step` (from 1), whose loss or gradient is `value`, is skipped. Throws
  /// Error(kInternal) when it is the fifth in a row.
  void skip(int64_t step, double value);

  int bad_steps() const { return bad_steps_; }  ///< skipped in a row so far
  int64_t skipped() const { return skipped_; }  ///< in all

 private:
  double learning_rate_;
  int bad_steps_ = 0;
  int64_t skipped_ = 0;
};

}  // namespace recto
