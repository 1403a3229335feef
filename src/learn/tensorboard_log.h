#pragma once
// OUTPUT/tensorboard/: what metrics.jsonl has, as TensorBoard reads it. Without torch.

#include <filesystem>
#include <string>
#include <vector>

#include "base/continued_file.h"
#include "base/event_file.h"
#include "base/json.h"

namespace recto {

/// The curves that a line of metrics.jsonl adds to: numbers of a step are train/KEY, those of a
/// measurement held_out/KEY, and those of an object in it KEY/NAME. A warning and the measurement
/// of a mean add to none.
std::vector<EventScalar> curve_values(const Json& line);

class TensorBoardLog {
 public:
  /// Writes the events of `lines`, those that metrics.jsonl begins with, and goes on after them.
  /// `settings` are shown under Text. Throws Error(kIo).
  ///
  /// The time of an event is that of the start of the training and the seconds that it had trained
  /// until then, so that breaks do not show; the start is kept when the training goes on.
  TensorBoardLog(const std::filesystem::path& output, const Json& settings,
                 const std::vector<Json>& lines);

  /// A line of metrics.jsonl. Throws Error(kIo).
  void add(const Json& line);

 private:
  /// The event of `line`, "" when it has none.
  std::string event(const Json& line);
  std::string beginning(const Json& settings, const std::vector<Json>& lines);

  double start_;        // seconds since 1970
  double seconds_ = 0;  // of training
  ContinuedFile file_;
};

}  // namespace recto
