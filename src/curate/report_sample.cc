// What of a dataset report.html shows: a sample, and bins.

#include <algorithm>
#include <map>
#include <utility>

#include "base/random.h"
#include "curate/report_html.h"

namespace recto {

std::vector<size_t> report_sample(const std::vector<std::string>& strata, size_t wanted,
                                  uint64_t seed) {
  std::map<std::string, std::vector<size_t>> members;
  for (size_t i = 0; i < strata.size(); ++i) members[strata[i]].push_back(i);
  uint64_t stream = 0;
  for (auto& [name, places] : members) Random(seed, stream++).shuffle(places);
  std::vector<size_t> sample;
  for (size_t turn = 0; sample.size() < std::min(wanted, strata.size()); ++turn) {
    for (const auto& [name, places] : members) {
      if (turn < places.size() && sample.size() < wanted) sample.push_back(places[turn]);
    }
  }
  return sample;
}

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
