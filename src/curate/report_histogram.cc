#include <algorithm>
#include <utility>

#include "curate/report_html.h"

namespace recto {

ReportHistogram report_histogram(std::string title, std::string unit, std::vector<int64_t> values) {
  constexpr int64_t kBins = 10;
  ReportHistogram out{std::move(title), std::move(unit), {0}, {}};
  for (int64_t& value : values) value = std::max<int64_t>(0, value);
  std::sort(values.begin(), values.end());
  const int64_t top = values.empty() ? 0 : values[(values.size() - 1) * 99 / 100];
  // The smallest of 1, 2, 5, 10, 20, 50, ... with which ten bins reach the top.
  int64_t width = 1;
  for (int64_t decade = 1; width * kBins <= top; decade *= 10) {
    for (const int64_t factor : {1, 2, 5}) {
      width = decade * factor;
      if (width * kBins > top) break;
    }
  }
  const int64_t bins = top / width + 1;
  out.counts.resize(static_cast<size_t>(bins));
  for (const int64_t value : values) ++out.counts[std::min(bins - 1, value / width)];
  for (int64_t bin = 1; bin <= bins; ++bin) out.edges.push_back(bin * width);
  return out;
}

}  // namespace recto
