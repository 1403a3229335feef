#include "learn/chunk_plan.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/random.h"

namespace recto {
namespace {

TEST(ChunkPlanTest, TogetherWhenPagesFitAndQueriesAreCheap) {
  const struct {
    const char* name;
    std::vector<uint64_t> costs;
    size_t queries;
    uint64_t budget;
    Chunks want;
  } cases[] = {
      {"all fit", {1, 1, 5, 5}, 2, 12, {{0, 1, 2, 3}}},
      {"queries beyond the budget of the pages", {1, 1, 5, 5}, 2, 10, {{0, 1, 2, 3}}},
      {"pages do not fit", {1, 1, 5, 5}, 2, 9, {{0, 1, 2}, {3}}},
      {"small ones fill the gaps", {2, 1, 4, 9, 13, 1}, 2, 13, {{4}, {2, 3}, {0, 1, 5}}},
      {"one larger than the budget stands alone", {1, 20, 1, 9}, 0, 10, {{1}, {0, 3}, {2}}},
      {"the same cost by place", {3, 3, 3, 3}, 0, 6, {{0, 1}, {2, 3}}},
      {"queries alone are too many", {9, 9, 9, 1}, 3, 12, {{0, 3}, {1}, {2}}},
      {"one", {7}, 0, 1, {{0}}},
  };
  for (const auto& c : cases)
    EXPECT_EQ(plan_chunks(c.costs, c.queries, c.budget), c.want) << c.name;
}

TEST(ChunkPlanTest, EachSequenceOnceAndNoChunkAboveTheBudget) {
  Random random(3);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<uint64_t> costs;
    for (size_t i = 0; i < 1 + random.below(60); ++i) costs.push_back(1 + random.below(13));
    const uint64_t budget = 13 + random.below(60);
    const size_t queries = random.below(costs.size() + 1);
    const Chunks chunks = plan_chunks(costs, queries, budget);
    std::vector<int> seen(costs.size());
    for (const std::vector<size_t>& chunk : chunks) {
      uint64_t sum = 0;
      for (const size_t place : chunk) {
        ++seen[place];
        sum += costs[place];
      }
      EXPECT_LE(sum, chunks.size() == 1 ? 2 * budget : budget);
    }
    EXPECT_EQ(seen, std::vector<int>(costs.size(), 1));
    const uint64_t all = std::accumulate(costs.begin(), costs.end(), uint64_t{0});
    EXPECT_LE(chunks.size(), 1 + (all * 11 / 9 + budget) / budget);
  }
}

}  // namespace
}  // namespace recto
