#pragma once
// Keys or columns of a table of text that nobody reads, so that a misspelt one is noticed.

#include <string>
#include <utility>
#include <vector>

namespace recto {

/// Gathers those of one file and says them once, with what they may have been meant to be. Ids and
/// scores, by their names (`id`, `score`, `…_id`, `…_scores`), are often there and never said.
class UnreadFields {
 public:
  /// `known` are the names that are read.
  explicit UnreadFields(std::vector<std::string> known);

  /// Notes `name` if it is not known, with where it was seen first ("FILE:LINE", or "").
  void see(const std::string& name, const std::string& where);

  /// A warning that begins with `file` and calls them `what` ("keys"); nothing when there are none.
  void warn(const std::string& file, const std::string& what) const;

 private:
  std::vector<std::string> known_;
  std::vector<std::pair<std::string, std::string>> found_;  // name, where
  bool more_ = false;                                       // than are kept
};

}  // namespace recto
