#pragma once
// metrics.jsonl: a line for each step and evaluation, written at once.

#include <filesystem>

#include "base/json.h"

namespace recto {

class MetricsLog {
 public:
  /// Opens the file for appending. Lines of steps after `last_step` (done by a run that was cut off
  /// after its last checkpoint) are taken out first. Throws Error(kIo).
  MetricsLog(std::filesystem::path path, int64_t last_step);
  ~MetricsLog();
  MetricsLog(const MetricsLog&) = delete;
  MetricsLog& operator=(const MetricsLog&) = delete;

  /// `line` has a "step". Throws Error(kIo).
  void add(const Json& line);

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace recto
