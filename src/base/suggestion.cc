#include "base/suggestion.h"

#include <algorithm>

namespace recto {
namespace {

/// Optimal string alignment distance (edits as suggestion() counts them).
size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> edits(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) edits[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) edits[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = edits[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      edits[i][j] = std::min({edits[i - 1][j] + 1, edits[i][j - 1] + 1, changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        edits[i][j] = std::min(edits[i][j], edits[i - 2][j - 2] + 1);
      }
    }
  }
  return edits[a.size()][b.size()];
}

}  // namespace

std::string suggestion(const std::string& name, const std::vector<std::string>& known) {
  constexpr size_t kLongest = 100;
  if (name.size() > kLongest) return "";
  const std::string* nearest = nullptr;
  size_t fewest = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const size_t edits = distance(name, candidate);
    if (edits >= fewest) continue;
    fewest = edits;
    nearest = &candidate;
  }
  return nearest == nullptr ? "" : " (did you mean \"" + *nearest + "\"?)";
}

}  // namespace recto
