#include "model/path_patterns.h"

#include "base/error.h"

namespace recto {

PathPatterns::PathPatterns(const std::vector<std::string>& patterns, const char* option)
    : option_(option) {
  patterns_.reserve(patterns.size());
  for (const std::string& pattern : patterns) {
    patterns_.push_back({pattern, PythonRegex(pattern, option)});
  }
}

bool PathPatterns::match(const std::filesystem::path& path) {
  bool any = false;
  for (Pattern& pattern : patterns_) {
    if (!pattern.regex.full_match(path.string())) continue;
    pattern.used = true;
    any = true;
  }
  return any;
}

void PathPatterns::check_used() const {
  for (const Pattern& pattern : patterns_) {
    if (pattern.used) continue;
    fail(ErrorCode::kNotFound,
         "{} \"{}\" matches no document; it must match a whole path, as .*/name\\.pdf does",
         option_, pattern.text);
  }
}

}  // namespace recto
