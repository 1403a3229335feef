#pragma once
// Documents named by patterns of their paths.

#include <filesystem>
#include <string>
#include <vector>

#include "model/python_regex.h"

namespace recto {

/// Regular expressions of whole paths (model/python_regex.h) that were given to one option.
class PathPatterns {
 public:
  /// Throws as PythonRegex does, naming `option`, which must outlive the object.
  PathPatterns(const std::vector<std::string>& patterns, const char* option);

  /// Whether one of them matches. All that do are remembered.
  bool match(const std::filesystem::path& path);
  /// Throws Error(kNotFound) naming the first that has matched nothing: it may be misspelt.
  void check_used() const;

 private:
  struct Pattern {
    std::string text;
    PythonRegex regex;
    bool used = false;
  };
  const char* option_;
  std::vector<Pattern> patterns_;
};

}  // namespace recto
