#pragma once
// Outlines of translations, entry by entry.

#include <cstddef>
#include <utility>
#include <vector>

namespace recto {

struct OutlineAlignment {
  /// Places in the first and in the second outline, ascending in both.
  std::vector<std::pair<size_t, size_t>> pairs;
  /// Twice the pairs over the entries of both, 0..1.
  double agreement = 0;
};

/// Aligns two outlines, each given as the levels of its entries. The same levels from end to end
/// are aligned whole. Else both are cut into chapters (entries of the lowest level); with the same
/// number of chapters, those that have the same levels inside are aligned, and no others.
OutlineAlignment align_outlines(const std::vector<int>& first, const std::vector<int>& second);

}  // namespace recto
