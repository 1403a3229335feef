#include "search/sparse_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/random.h"
#include "search/fusion.h"
#include "search/id_order.h"

namespace recto {
namespace {

using ::testing::ElementsAre;

SparseVector sparse(const std::map<int32_t, float>& weights) {
  SparseVector out;
  for (const auto& [id, weight] : weights) {
    out.ids.push_back(id);
    out.weights.push_back(weight);
  }
  return out;
}

struct Collection {
  std::vector<std::string> ids;
  std::vector<SparseVector> pages;
};

Collection random_collection(int rows, int tokens, uint64_t seed) {
  Random random(seed);
  Collection out;
  for (int row = 0; row < rows; ++row) {
    std::map<int32_t, float> weights;
    for (int i = 0; i < 12; ++i) {
      weights[static_cast<int32_t>(random.below(static_cast<uint64_t>(tokens)))] =
          static_cast<float>(0.1 + 2 * random.uniform());
    }
    out.ids.push_back("page-" + std::to_string(row));
    out.pages.push_back(sparse(weights));
  }
  return out;
}

/// The formulas of the header, over dense vectors in double precision.
std::vector<double> reference(const Collection& all, const SparseVector& query, int tokens,
                              int gain) {
  const auto dense = [&](const SparseVector& vector) {
    std::vector<double> out(static_cast<size_t>(tokens));
    for (size_t i = 0; i < vector.ids.size(); ++i) out[vector.ids[i]] = vector.weights[i];
    return out;
  };
  std::vector<double> idf(static_cast<size_t>(tokens));
  for (size_t t = 0; t < idf.size(); ++t) {
    double f = 0;
    for (const SparseVector& page : all.pages) {
      f += 1 - std::exp(-(std::exp(dense(page)[t]) - 1) / gain);
    }
    if (f > 0) idf[t] = std::log((static_cast<double>(all.pages.size()) + 1) / (f + 1));
  }
  const auto score = [&](const SparseVector& q, const SparseVector& w) {
    const std::vector<double> x = dense(q), y = dense(w);
    double xx = 0, yy = 0, xy = 0;
    for (size_t t = 0; t < idf.size(); ++t) {
      xx += std::pow(x[t] * idf[t], 2);
      yy += std::pow(y[t], 2);
      xy += x[t] * idf[t] * y[t];
    }
    return xx * yy == 0 ? 0 : xy / std::sqrt(xx * std::sqrt(yy));
  };
  std::vector<double> scores;
  for (const SparseVector& page : all.pages) scores.push_back(score(query, page));
  return scores;
}

TEST(SparseSearch, ScoresAreThoseOfTheFormula) {
  constexpr int kTokens = 50;
  const Collection all = random_collection(40, kTokens, 3);
  for (const int gain : {1, 16}) {
    SCOPED_TRACE(gain);
    const SparseSearch search(all.ids, all.pages, gain);
    EXPECT_EQ(search.rows(), 40);
    for (const SparseVector& query :
         {sparse({{1, 0.7f}, {7, 0.7f}, {30, 1.1f}}), all.pages[5], sparse({{49, 0.7f}})}) {
      const std::vector<double> wanted = reference(all, query, kTokens, gain);
      const std::vector<float> found = search.scores(query);
      ASSERT_EQ(found.size(), wanted.size());
      for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 1e-6);
      const auto best = search.search(query, 5);
      ASSERT_LE(best.size(), 5u);
      for (size_t i = 0; i < best.size(); ++i) {
        const auto larger = std::count_if(found.begin(), found.end(),
                                          [&](float score) { return score > best[i].score; });
        EXPECT_EQ(larger, static_cast<int64_t>(i));
        EXPECT_EQ(best[i].score, found[static_cast<size_t>(best[i].row)]);
      }
    }
  }
}

// Whatever the gain, idf is that of the expected counts.
TEST(SparseSearch, TheGainOfTheWeightsDoesNotChangeTheIdf) {
  constexpr int kTokens = 30;
  const Collection plain = random_collection(20, kTokens, 8);
  const SparseSearch search(plain.ids, plain.pages);
  for (const int gain : {2, 16, 1024}) {
    Collection with = plain;
    for (SparseVector& page : with.pages) {
      for (float& w : page.weights) w = std::log1p(static_cast<float>(gain) * std::expm1(w));
    }
    const SparseSearch found(with.ids, with.pages, gain);
    for (int32_t token = 0; token < kTokens; ++token) {
      EXPECT_NEAR(found.idf(token), search.idf(token), 1e-5) << gain << ", " << token;
    }
  }
}

TEST(SparseSearch, WhatSharesNothingIsNotFoundAndTiesGoByDescendingId) {
  const std::vector<std::string> ids = {"a", "c", "b", "d"};
  const std::vector<SparseVector> pages = {sparse({{2, 1.0f}}), sparse({{2, 1.0f}}),
                                           sparse({{2, 1.0f}}), sparse({{3, 1.0f}})};
  const SparseSearch search(ids, pages);
  std::vector<int64_t> rows;
  for (const Neighbour& hit : search.search(sparse({{2, 1.0f}}), 10)) rows.push_back(hit.row);
  EXPECT_THAT(rows, ElementsAre(1, 2, 0));
  EXPECT_TRUE(search.search(sparse({{1, 1.0f}, {900, 1.0f}}), 10).empty());
  EXPECT_TRUE(search.search({}, 10).empty());
  EXPECT_TRUE(search.search(sparse({{2, 1.0f}}), 0).empty());
  EXPECT_EQ(search.idf(-1), 0);
  EXPECT_EQ(search.idf(4), 0);
}

TEST(SparseSearch, ACollectionOfNothingAnswers) {
  const SparseSearch search({}, {});
  EXPECT_TRUE(search.search(sparse({{2, 1.0f}}), 3).empty());
  const std::vector<std::string> ids = {"a"};
  const std::vector<SparseVector> pages(1);
  EXPECT_TRUE(SparseSearch(ids, pages).search(sparse({{2, 1.0f}}), 3).empty());
}

TEST(Fusion, SumsReciprocalRanksOrScores) {
  const std::vector<std::string> ids = {"a", "b", "c", "d"};
  const std::vector<int32_t> places = descending_places(ids);
  const std::vector<Neighbour> dense = {{0, 9}, {1, 8}, {2, 7}}, sparse = {{1, 0.3f}, {3, 0.2f}};
  struct Case {
    Fusion fusion;
    std::vector<Neighbour> wanted;
  };
  const Case cases[] = {
      {{}, {{1, 1.0f / 62 + 1.0f / 61}, {0, 1.0f / 61}, {3, 1.0f / 62}, {2, 1.0f / 63}}},
      {{.constant = 5, .sparse_weight = 3},
       {{1, 1.0f / 7 + 3.0f / 6}, {3, 3.0f / 7}, {0, 1.0f / 6}, {2, 1.0f / 8}}},
      {{.by = FuseBy::kScores}, {{0, 2}, {1, 1.3f}, {3, 0.2f}, {2, 0}}},
      {{.by = FuseBy::kScores, .sparse_weight = 5}, {{1, 2.5f}, {0, 2}, {3, 1}, {2, 0}}},
  };
  for (const Case& c : cases) {
    const auto fused = fuse(dense, sparse, 10, c.fusion, places);
    ASSERT_EQ(fused.size(), c.wanted.size());
    for (size_t i = 0; i < fused.size(); ++i) {
      EXPECT_EQ(fused[i].row, c.wanted[i].row) << i;
      EXPECT_FLOAT_EQ(fused[i].score, c.wanted[i].score) << i;
    }
    EXPECT_EQ(fuse(dense, sparse, 2, c.fusion, places).size(), 2u);
  }
  // With equal sums the larger id stands first.
  const std::vector<Neighbour> one = {{0, 1}}, other = {{2, 1}};
  EXPECT_EQ(fuse(one, other, 1, {}, places)[0].row, 2);
  const float nan = std::nanf("");
  const std::vector<Neighbour> broken = {{1, 0.5f}, {0, 0.25f}, {2, -INFINITY}, {3, nan}};
  const std::vector<Neighbour> mended = {{1, 0.25f}, {2, 0.125f}, {3, 0}, {0, 0}};
  const std::vector<Neighbour> second = {{2, 0.125f}};
  EXPECT_EQ(fuse(broken, second, 4, {.by = FuseBy::kScores}, places), mended);
  EXPECT_TRUE(fuse({}, {}, 3, {.by = FuseBy::kScores}, places).empty());
  EXPECT_EQ(fuse({}, other, 3, {.by = FuseBy::kScores}, places), other);
}

TEST(Fusion, WhatComesFromTheVocabularyIsAddedByItsScores) {
  Contract contract;
  for (const Pooling pooling : {Pooling::kLast, Pooling::kMean}) {
    contract.pooling = pooling;
    EXPECT_EQ(default_fusion(contract).by, FuseBy::kRanks);
    EXPECT_EQ(default_fusion(contract).sparse_weight, 1);
  }
  contract.pooling = Pooling::kVocabulary;
  EXPECT_EQ(default_fusion(contract).by, FuseBy::kScores);
  EXPECT_EQ(default_fusion(contract).sparse_weight, 0.5);
  EXPECT_EQ(fusion_by(FuseBy::kRanks, contract).sparse_weight, 3);
  EXPECT_EQ(parse_fuse_by("ranks", "--fusion"), FuseBy::kRanks);
  EXPECT_EQ(parse_fuse_by("scores", "--fusion"), FuseBy::kScores);
  EXPECT_THROW(parse_fuse_by("rank", "--fusion"), Error);
}

}  // namespace
}  // namespace recto
