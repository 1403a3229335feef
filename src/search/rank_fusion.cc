#include "search/rank_fusion.h"

#include <algorithm>
#include <map>

#include "search/id_order.h"

namespace recto {
namespace {

// A row below this place in one ranking hardly counts: 1 / (60 + 200) is a quarter of 1 / (60 + 1).
constexpr int64_t kLeastDepth = 200;
constexpr double kWeightBesideItsOwn = 3;

}  // namespace

int64_t fusion_depth(int64_t k) { return std::max(k, kLeastDepth); }

double sparse_rank_weight(const Contract& contract) {
  return contract.pooling == Pooling::kVocabulary ? kWeightBesideItsOwn : 1;
}

std::vector<Neighbour> fuse_by_rank(std::span<const WeightedRanking> rankings, int64_t k,
                                    double constant, std::span<const int32_t> places) {
  std::map<int64_t, double> sums;
  for (const auto& [rows, weight] : rankings) {
    for (size_t i = 0; i < rows.size(); ++i) {
      sums[rows[i].row] += weight / (constant + static_cast<double>(i + 1));
    }
  }
  std::vector<Neighbour> fused;
  fused.reserve(sums.size());
  for (const auto& [row, sum] : sums) fused.push_back({row, static_cast<float>(sum)});
  keep_best(fused, k, places);
  return fused;
}

}  // namespace recto
