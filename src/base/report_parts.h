#pragma once
// What recto's HTML reports share: their style, and how counts are drawn. The parts are HTML; every
// text in them is escaped.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recto {

struct ReportCount {
  std::string name;
  int64_t count = 0;
};

/// Counts of one property: languages, kinds, splits, content classes, licences.
struct ReportShares {
  std::string title;
  std::vector<ReportCount> counts;
};

/// CSS, light and dark.
std::string_view report_style();

/// `part` / `whole`, 0 of nothing.
double share_of(int64_t part, int64_t whole);

/// A bar of `share` of the width, the rest in another colour when `rest` is wanted.
std::string report_bar(double share, bool rest);

/// A row of tiles, a name and a number each; "" of none.
std::string report_tiles(const std::vector<ReportCount>& counts);

/// A panel with a bar for each count.
std::string report_shares(const ReportShares& group);

/// At most `wanted` places in `strata`, in the order to show them: the strata (such as "heading
/// de") take turns in the order of their names, items within one come shuffled by `seed`. Rare
/// strata are thus seen as often as common ones, and a shorter sample is the start of a longer one.
std::vector<size_t> report_sample(const std::vector<std::string>& strata, size_t wanted,
                                  uint64_t seed);

/// The first of `items`, drawn, that together have at most `budget` bytes, and how many they are.
template <typename Item, typename Draw>
std::pair<std::string, size_t> report_fitting(const std::vector<Item>& items, size_t budget,
                                              Draw draw) {
  std::string out;
  size_t count = 0;
  for (const Item& item : items) {
    const std::string part = draw(item);
    if (out.size() + part.size() > budget) break;
    out += part;
    ++count;
  }
  return {std::move(out), count};
}

}  // namespace recto
