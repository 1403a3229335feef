#pragma once
// metrics.jsonl: a line for each step, measurement and warning. What else shows a training (its
// report, TensorBoard) is made from these lines. Without torch.

#include <filesystem>
#include <vector>

#include "base/continued_file.h"
#include "base/json.h"

namespace recto {

/// The lines of a metrics.jsonl, of steps up to `last_step` when that is not negative. What is no
/// line with a step, such as one cut off in the middle, is left out. Throws Error(kNotFound | kIo).
std::vector<Json> read_metrics(const std::filesystem::path& path, int64_t last_step = -1);

class MetricsLog {
 public:
  /// Opens the file for appending. Lines of steps after `last_step` (done by a run that was cut off
  /// after its last checkpoint) are taken out first; -1 takes out all. Throws Error(kIo).
  MetricsLog(std::filesystem::path path, int64_t last_step);

  /// The lines that were kept.
  const std::vector<Json>& kept() const { return kept_; }
  /// `line` has a "step". It is written at once. Throws Error(kIo).
  void add(const Json& line);

 private:
  std::vector<Json> kept_;
  ContinuedFile file_;
};

}  // namespace recto
