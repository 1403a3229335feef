#include "search/rank_fusion.h"

#include <algorithm>
#include <map>

#include "search/id_order.h"

namespace recto {
namespace {

// A row below this place in one ranking hardly counts: 1 / (60 + 200) is a quarter of 1 / (60 + 1).
constexpr int64_t kLeastDepth = 200;

}  // namespace

int64_t fusion_depth(int64_t k) { return std::max(k, kLeastDepth); }

std::vector<Neighbour> fuse_by_rank(std::span<const std::vector<Neighbour>> rankings, int64_t k,
                                    double constant, std::span<const int32_t> places) {
  std::map<int64_t, double> sums;
  for (const std::vector<Neighbour>& ranking : rankings) {
    for (size_t i = 0; i < ranking.size(); ++i) {
      sums[ranking[i].row] += 1 / (constant + static_cast<double>(i + 1));
    }
  }
  std::vector<Neighbour> fused;
  fused.reserve(sums.size());
  for (const auto& [row, sum] : sums) fused.push_back({row, static_cast<float>(sum)});
  keep_best(fused, k, places);
  return fused;
}

}  // namespace recto
