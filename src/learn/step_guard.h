#pragma once
// What is done about a step that went wrong: one whose loss or gradient is not a number, and page
// vectors that fall together, or losses that have nothing to compare. Without torch.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"

namespace recto {

/// Ids of what a step was computed on, for messages and metrics.jsonl.
struct StepIds {
  std::vector<std::string> queries, pages;
};

/// A warning for metrics.jsonl; it has been said on stderr, if the guard speaks.
struct StepWarning {
  std::string kind;  ///< "skipped", "collapse" or "nothing_to_compare"
  Json details;
};

class StepGuard {
 public:
  static constexpr int kMostBadSteps = 5;          ///< in a row
  static constexpr double kCollapse = 0.95;        ///< mean cosine of two pages of a step
  static constexpr int64_t kStepsOfSilence = 100;  ///< after a warning of a collapse

  /// `learning_rate` is that of the run, for messages. Of several processes that see the same, one
  /// `speaks`: the warnings of the others are not said.
  explicit StepGuard(double learning_rate, bool speaks = true)
      : learning_rate_(learning_rate), speaks_(speaks) {}

  void accept() { bad_steps_ = 0; }
  /// Step `step` (from 1) is skipped because its loss or (`what`) gradient is `value`.
  StepWarning skip(int64_t step, const char* what, double value, const StepIds& ids);
  /// Throws Error(kInternal) when the last five steps were skipped.
  void check() const;

  /// Looks at the mean cosine of the pages of step `step`. Says at most once in 100 steps that they
  /// are nearly the same vector.
  std::optional<StepWarning> look(int64_t step, double page_cosine, size_t pages);

  /// Says of each loss that had nothing to compare in step `step`, the first time that it does so,
  /// among so many queries and documents of which so many pairs are masked.
  std::optional<StepWarning> idle(int64_t step, const std::vector<std::string>& losses,
                                  size_t queries, size_t documents, int64_t masked);

  int64_t skipped() const { return skipped_; }  ///< in all
  /// At the end of a training of `steps`: warns when all of them were skipped.
  void conclude(int64_t steps) const;

  /// For a checkpoint, and back. Throws Error(kBadInput) naming `where`.
  Json state() const;
  void restore(const Json& state, const std::string& where);

 private:
  double learning_rate_;
  bool speaks_;
  int bad_steps_ = 0;  // skipped in a row so far
  int64_t skipped_ = 0;
  int64_t collapse_said_at_ = -kStepsOfSilence;
  std::set<std::string> idle_said_;
};

}  // namespace recto
