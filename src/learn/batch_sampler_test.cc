// Which pairs make up a step: every pair once, rivals apart, shares kept, the same whenever asked.

#include "learn/batch_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <set>

namespace recto {
namespace {

using testing::ElementsAre;

/// Pairs of one source: `queries` of them on each of `pages` pages.
void add_source(TrainingData& data, int pages, int queries, const std::string& language = "en",
                double weight = 1) {
  const size_t source = data.sources.size();
  data.sources.push_back({std::to_string(source), weight});
  for (int p = 0; p < pages; ++p) {
    TrainingData::Page page;
    page.id = std::to_string(p);
    page.source = source;
    data.pages.push_back(page);
    for (int q = 0; q < queries; ++q) {
      TrainingData::Query query;
      query.text = std::to_string(source) + " " + std::to_string(p) + " " + std::to_string(q);
      query.language = language;
      query.source = source;
      query.positives = {data.pages.size() - 1};
      data.queries.push_back(query);
      data.pairs.push_back({data.queries.size() - 1, data.pages.size() - 1});
    }
  }
}

TrainingData one_source(int pages, int queries) {
  TrainingData data;
  add_source(data, pages, queries);
  return data;
}

/// How often each pair is drawn in epoch `epoch`.
std::map<size_t, int> draws(BatchSampler& sampler, int64_t epoch = 0) {
  std::map<size_t, int> counts;
  for (int64_t s = 0; s < sampler.steps_per_epoch(); ++s) {
    for (const size_t pair : sampler.batch(epoch * sampler.steps_per_epoch() + s)) ++counts[pair];
  }
  return counts;
}

TEST(BatchSamplerTest, EveryPairIsDrawnOnceAnEpochAndFullBatchesAreMade) {
  const struct {
    int pages, queries, batch_size;
    int64_t steps;
  } cases[] = {{10, 1, 5, 2}, {10, 1, 3, 4}, {18, 2, 6, 6},  {18, 2, 32, 2},
               {1, 1, 8, 1},  {7, 3, 4, 6},  {50, 1, 49, 2}, {2, 1, 30, 1}};
  for (const auto& c : cases) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      BatchSampler sampler(one_source(c.pages, c.queries),
                           {.batch_size = c.batch_size, .seed = seed});
      EXPECT_EQ(sampler.steps_per_epoch(), c.steps);
      const size_t pairs = static_cast<size_t>(c.pages * c.queries);
      for (int64_t step = 0; step < c.steps; ++step) {
        EXPECT_EQ(sampler.batch(step).size(), std::min<size_t>(pairs, c.batch_size));
      }
      const std::map<size_t, int> counts = draws(sampler);
      EXPECT_EQ(counts.size(), pairs);
      for (const auto& [pair, count] : counts) EXPECT_LE(count, 2) << "pair " << pair;
    }
  }
}

TEST(BatchSamplerTest, AStepIsAFunctionOfItsNumberAndTheSeed) {
  const TrainingData data = one_source(12, 2);
  const BatchSettings settings{.batch_size = 5, .seed = 5};
  BatchSampler sampler(data, settings);
  std::vector<std::vector<size_t>> steps;
  for (int64_t step = 0; step < 12; ++step) steps.push_back(sampler.batch(step));
  EXPECT_NE(steps[0], steps[5]);  // the next epoch has another order
  for (const int64_t step : {11, 0, 7, 3}) {
    EXPECT_EQ(BatchSampler(data, settings).batch(step), steps[static_cast<size_t>(step)]);
  }
  EXPECT_NE(BatchSampler(data, {.batch_size = 5, .seed = 6}).batch(0), steps[0]);
}

TEST(BatchSamplerTest, RivalsNeverMeetWhereTheDataAllowsIt) {
  const struct {
    const char* name;
    int pages, queries, batch_size;
  } cases[] = {{"as many batches as queries of a page", 8, 4, 8},
               {"one page left over", 9, 4, 4},
               {"half of the pages", 40, 5, 20},
               {"many", 300, 7, 32}};
  for (const auto& c : cases) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      BatchSampler sampler(one_source(c.pages, c.queries),
                           {.batch_size = c.batch_size, .seed = seed});
      EXPECT_EQ(sampler.shared(0), 0u) << c.name << ", seed " << seed;
    }
  }
}

TEST(BatchSamplerTest, NearDuplicatesAndEqualQueriesAreRivalsToo) {
  TrainingData data = one_source(40, 1);
  for (size_t i = 0; i < 40; ++i) {
    if (i % 4 != 0) data.queries[i].text = "The  words " + std::to_string(i / 4);
    if (i % 4 == 1) data.queries[i].text = "the words " + std::to_string(i / 4);
    if (i % 5 == 0) data.pages[i].near_group = "near";
  }
  const std::vector<PairKeys> keys = pair_keys(data);
  EXPECT_EQ(keys[1].query, keys[2].query);  // case and white space do not count
  EXPECT_NE(keys[0].query, keys[1].query);
  EXPECT_EQ(keys[0].document, keys[35].document);
  EXPECT_NE(keys[1].document, keys[2].document);
  for (uint64_t seed = 0; seed < 50; ++seed) {
    BatchSampler sampler(data, {.batch_size = 5, .seed = seed});
    EXPECT_EQ(sampler.shared(0), 0u) << "seed " << seed;
  }
}

TEST(BatchSamplerTest, WhatCannotBeHelpedIsCountedAndSpread) {
  TrainingData data = one_source(40, 1);
  for (size_t i = 0; i < 20; ++i) data.queries[i].text = "the same";
  // Eight batches have one such pair each; the other twelve meet one.
  for (uint64_t seed = 0; seed < 20; ++seed) {
    BatchSampler sampler(data, {.batch_size = 5, .seed = seed});
    EXPECT_EQ(sampler.shared(0), 12u);
  }
  EXPECT_EQ(count_shared({{0, 1, 30}, {2, 31}, {3}}, pair_keys(data)), 1u);
}

TEST(BatchSamplerTest, BatchesPerSourceAreOfOneSource) {
  TrainingData data;
  add_source(data, 20, 1);
  add_source(data, 9, 2);
  add_source(data, 3, 1);
  BatchSampler sampler(data, {.batch_size = 6, .per_source = true});
  EXPECT_EQ(sampler.steps_per_epoch(), 4 + 3 + 1);
  EXPECT_EQ(sampler.batch_size(), 6u);
  EXPECT_EQ(sampler.smallest_batch(), 3u);
  std::vector<size_t> order;
  for (int64_t step = 0; step < 8; ++step) {
    std::set<size_t> sources;
    for (const size_t pair : sampler.batch(step)) {
      sources.insert(data.queries[data.pairs[pair].query].source);
    }
    ASSERT_EQ(sources.size(), 1u);
    order.push_back(*sources.begin());
    EXPECT_EQ(sampler.batch(step).size(), order.back() == 2 ? 3u : 6u);
  }
  EXPECT_EQ(draws(sampler).size(), data.pairs.size());
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));  // sources take turns
}

/// Share of each group in the draws of `epochs` epochs.
std::vector<double> shares(BatchSampler& sampler, int64_t epochs) {
  std::vector<double> found;
  std::map<size_t, int> all;
  double sum = 0;
  for (int64_t e = 0; e < epochs; ++e) {
    for (const auto& [pair, count] : draws(sampler, e)) all[pair] += count;
  }
  for (const auto& [pair, count] : all) sum += count;
  for (const MixGroup& group : sampler.groups()) {
    double drawn = 0;
    for (const size_t pair : group.pairs) drawn += all[pair];
    found.push_back(drawn / sum);
  }
  return found;
}

TEST(BatchSamplerTest, GroupsGetTheirShareOfTheDraws) {
  const struct {
    std::optional<double> balance;
    double weight;             // of the second source
    std::vector<double> want;  // of 100 German, 400 English pairs; 500 of the second source
  } cases[] = {{std::nullopt, 1, {0.1, 0.4, 0.5}},
               {1.0, 1, {0.1, 0.4, 0.5}},
               {0.0, 1, {1 / 3.0, 1 / 3.0, 1 / 3.0}},
               {std::nullopt, 3, {0.05, 0.2, 0.75}},
               {0.0, 2, {0.25, 0.25, 0.5}},
               {0.5, 1, {10 / 52.36, 20 / 52.36, 0.427}},
               {0.0, 1000, {1 / 1002.0, 1 / 1002.0, 1000 / 1002.0}}};
  for (const auto& c : cases) {
    for (const bool per_source : {false, true}) {
      TrainingData data;
      add_source(data, 500, 1);
      for (size_t i = 0; i < 100; ++i) data.queries[i].language = i % 2 == 0 ? "de" : "DE-at";
      add_source(data, 250, 2, "", c.weight);
      BatchSampler sampler(data,
                           {.batch_size = 25, .per_source = per_source, .balance = c.balance});
      EXPECT_EQ(sampler.steps_per_epoch(), 40);
      const std::vector<double> found = shares(sampler, 10);
      ASSERT_EQ(found.size(), 3u);
      for (size_t g = 0; g < 3; ++g) {
        EXPECT_NEAR(found[g], c.want[g], 2e-3) << "group " << g << ", weight " << c.weight;
        EXPECT_NEAR(sampler.groups()[g].share, c.want[g], 1e-3);
      }
    }
  }
}

TEST(BatchSamplerTest, AGroupGoesThroughAllItsPairsBeforeOneComesAgain) {
  TrainingData data;
  add_source(data, 90, 1);
  add_source(data, 10, 1, "de");
  BatchSampler sampler(data, {.batch_size = 10, .balance = 0});
  // Fifty draws an epoch of ten German pairs, and of ninety English ones.
  for (const auto& [pair, count] : draws(sampler)) {
    EXPECT_EQ(count, pair < 90 ? 1 : 5) << "pair " << pair;
  }
  std::map<size_t, int> all = draws(sampler);
  for (const auto& [pair, count] : draws(sampler, 1)) all[pair] += count;
  for (size_t pair = 0; pair < 90; ++pair) EXPECT_GE(all[pair], 1) << pair;
}

TEST(BatchSamplerTest, AWeightAloneCountsAsBalanceOne) {
  TrainingData data;
  add_source(data, 20, 1);
  add_source(data, 20, 1, "en", 3);
  BatchSampler sampler(data, {.batch_size = 8});
  const std::vector<double> found = shares(sampler, 1);
  EXPECT_THAT(found, ElementsAre(0.25, 0.75));
}

TEST(ApportionmentTest, HandsOutTheWholeAndKeepsTheShares) {
  const std::vector<double> shares = {0.001, 0.249, 0.25, 0.5};
  Apportionment turns(shares);
  std::vector<size_t> sum(4);
  for (size_t turn = 1; turn <= 1000; ++turn) {
    const std::vector<size_t> given = turns.next(7);
    EXPECT_EQ(std::accumulate(given.begin(), given.end(), size_t{0}), 7u);
    for (size_t g = 0; g < 4; ++g) {
      sum[g] += given[g];
      EXPECT_NEAR(static_cast<double>(sum[g]), shares[g] * 7 * static_cast<double>(turn), 2);
    }
  }
}

}  // namespace
}  // namespace recto
