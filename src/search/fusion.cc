#include "search/fusion.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "search/id_order.h"

namespace recto {
namespace {

// A row below this place in one ranking hardly counts: 1 / (60 + 200) is a quarter of 1 / (60 + 1).
constexpr int64_t kLeastDepth = 200;
constexpr double kRankWeightBesideItsOwn = 3;
constexpr double kScoreWeight = 0.5;

using Sums = std::map<int64_t, double>;

void add_ranks(std::span<const Neighbour> ranking, double weight, double constant, Sums& sums) {
  for (size_t i = 0; i < ranking.size(); ++i) {
    sums[ranking[i].row] += weight / (constant + static_cast<double>(i + 1));
  }
}

/// How far each score is above the least one; a score that is no number counts as that.
void add_dense_scores(std::span<const Neighbour> ranking, Sums& sums) {
  const auto last = std::find_if(ranking.rbegin(), ranking.rend(),
                                 [](const Neighbour& one) { return std::isfinite(one.score); });
  const double least = last == ranking.rend() ? 0 : last->score;
  for (const Neighbour& one : ranking) {
    sums[one.row] += std::isfinite(one.score) ? one.score - least : 0;
  }
}

}  // namespace

Fusion default_fusion(const Contract& contract) {
  const bool is_of_words = contract.pooling == Pooling::kVocabulary;
  return fusion_by(is_of_words ? FuseBy::kScores : FuseBy::kRanks, contract);
}

Fusion fusion_by(FuseBy by, const Contract& contract) {
  Fusion fusion{.by = by};
  if (by == FuseBy::kScores) {
    fusion.sparse_weight = kScoreWeight;
  } else if (contract.pooling == Pooling::kVocabulary) {
    fusion.sparse_weight = kRankWeightBesideItsOwn;
  }
  return fusion;
}

FuseBy parse_fuse_by(const std::string& name, const char* what) {
  if (name == "ranks") return FuseBy::kRanks;
  if (name == "scores") return FuseBy::kScores;
  fail(ErrorCode::kUsage, "{} is \"{}\"; ranks or scores is wanted", what, name);
}

int64_t fusion_depth(int64_t k) { return std::max(k, kLeastDepth); }

std::vector<Neighbour> fuse(std::span<const Neighbour> dense, std::span<const Neighbour> sparse,
                            int64_t k, const Fusion& fusion, std::span<const int32_t> places) {
  Sums sums;
  if (fusion.by == FuseBy::kRanks) {
    add_ranks(dense, 1, fusion.constant, sums);
    add_ranks(sparse, fusion.sparse_weight, fusion.constant, sums);
  } else {
    add_dense_scores(dense, sums);
    for (const Neighbour& one : sparse) sums[one.row] += fusion.sparse_weight * one.score;
  }
  std::vector<Neighbour> fused;
  fused.reserve(sums.size());
  for (const auto& [row, sum] : sums) fused.push_back({row, static_cast<float>(sum)});
  keep_best(fused, k, places);
  return fused;
}

}  // namespace recto
