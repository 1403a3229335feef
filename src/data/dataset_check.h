#pragma once
// A promise of a dataset, and what was found of it.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace recto {

/// One promise: how many things were looked at, how many break it, and the first of them.
struct DatasetCheck {
  static constexpr size_t kNamed = 5;

  std::string name;     ///< stable, for scripts: "page_ids"
  std::string promise;  ///< a sentence
  int64_t checked = 0;
  int64_t broken = 0;
  std::vector<std::string> offenders;  ///< at most kNamed
  std::string skipped;                 ///< why it was not looked at, "" when it was
  std::string note;                    ///< a figure worth telling, or ""

  bool ok() const { return broken == 0; }

  /// Counts one thing that keeps the promise or, with a message, one that does not.
  template <typename... Args>
  void expect(bool kept, fmt::format_string<Args...> format, Args&&... args) {
    ++checked;
    if (!kept) offend(fmt::format(format, std::forward<Args>(args)...));
  }
  void offend(std::string offender) {
    ++broken;
    if (offenders.size() < kNamed) offenders.push_back(std::move(offender));
  }
};

}  // namespace recto
