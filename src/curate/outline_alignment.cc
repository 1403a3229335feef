#include "curate/outline_alignment.h"

#include <algorithm>

namespace recto {

namespace {

/// Where chapters begin, and the end.
std::vector<size_t> chapter_starts(const std::vector<int>& levels) {
  std::vector<size_t> starts;
  if (levels.empty()) return starts;
  const int top = *std::min_element(levels.begin(), levels.end());
  for (size_t i = 0; i < levels.size(); ++i) {
    if (i == 0 || levels[i] == top) starts.push_back(i);
  }
  starts.push_back(levels.size());
  return starts;
}

void align_range(size_t first, size_t second, size_t count, OutlineAlignment& alignment) {
  for (size_t i = 0; i < count; ++i) alignment.pairs.emplace_back(first + i, second + i);
}

}  // namespace

OutlineAlignment align_outlines(const std::vector<int>& first, const std::vector<int>& second) {
  OutlineAlignment alignment;
  if (first.empty() || second.empty()) return alignment;
  if (first == second) {
    align_range(0, 0, first.size(), alignment);
  } else {
    const std::vector<size_t> a = chapter_starts(first);
    const std::vector<size_t> b = chapter_starts(second);
    if (a.size() != b.size()) return alignment;
    for (size_t i = 0; i + 1 < a.size(); ++i) {
      const auto begin = first.begin() + static_cast<std::ptrdiff_t>(a[i]);
      const auto end = first.begin() + static_cast<std::ptrdiff_t>(a[i + 1]);
      const auto other = second.begin() + static_cast<std::ptrdiff_t>(b[i]);
      const auto other_end = second.begin() + static_cast<std::ptrdiff_t>(b[i + 1]);
      if (std::equal(begin, end, other, other_end)) {
        align_range(a[i], b[i], a[i + 1] - a[i], alignment);
      }
    }
  }
  alignment.agreement = 2.0 * static_cast<double>(alignment.pairs.size()) /
                        static_cast<double>(first.size() + second.size());
  return alignment;
}

}  // namespace recto
