#include "eval/significance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "eval/comparison.h"
#include "support/errors.h"

namespace recto {
namespace {
using ::testing::HasSubstr;

TEST(Randomisation, KnownValues) {
  struct Case {
    std::vector<double> differences;
    double p;
  };
  const Case cases[] = {
      {{}, 1},
      {{0, 0, 0}, 1},
      {{0.3}, 1},                      // both signs are as far
      {{1, 1, 1, 1, 1}, 2.0 / 32},     // all of one sign: 2 / 2^n
      {{1, 1, 1, 1, 1, 0}, 2.0 / 32},  // one without a difference changes nothing
      {{1, 2, 3, -4}, 14.0 / 16},      // sums of 2 or more: all but (1, 2, 3, 4) that give 0
      {{0.1, 0.2, 0.3, 0.4}, 2.0 / 16},
      {{0.5, -0.5}, 1},
  };
  for (const Case& c : cases) {
    const RandomisationTest test = randomisation_test(c.differences, {});
    EXPECT_TRUE(test.exact);
    EXPECT_DOUBLE_EQ(test.p, c.p) << ::testing::PrintToString(c.differences);
  }
}

std::vector<double> normal_values(size_t n, double mean, uint64_t seed) {
  Random random(seed);
  std::vector<double> values;
  for (size_t i = 0; i < n; ++i) values.push_back(mean + random.normal());
  return values;
}

TEST(Randomisation, SampledAgreesWithTheNormalLimit) {
  // Of many differences the mean with random signs is normal: p = erfc(|z| / sqrt 2).
  const std::vector<double> values = normal_values(400, 0.1, 3);
  double sum = 0;
  double squares = 0;
  for (const double v : values) {
    sum += v;
    squares += v * v;
  }
  const double wanted = std::erfc(std::abs(sum) / std::sqrt(squares) / std::sqrt(2.0));
  const RandomisationTest found = randomisation_test(values, {.permutations = 100000});
  EXPECT_FALSE(found.exact);
  EXPECT_EQ(found.permutations, 100000);
  EXPECT_NEAR(found.p, wanted, 5 * std::sqrt(wanted / 100000) + 0.002);
}

TEST(Randomisation, IsNeverZeroAndTheSameForTheSameSeed) {
  const std::vector<double> values(100, 1.0);
  EXPECT_DOUBLE_EQ(randomisation_test(values, {}).p, 1.0 / 10001);
  const std::vector<double> noise = normal_values(50, 0.2, 1);
  EXPECT_EQ(randomisation_test(noise, {.seed = 4}).p, randomisation_test(noise, {.seed = 4}).p);
  EXPECT_NE(randomisation_test(noise, {.seed = 4}).p, randomisation_test(noise, {.seed = 5}).p);
}

TEST(Randomisation, RejectsATrueHypothesisAsOftenAsItSays) {
  int rejected = 0;
  constexpr int kTrials = 400;
  for (int i = 0; i < kTrials; ++i) {
    const auto values = normal_values(30, 0, 1000 + i);
    if (randomisation_test(values, {.permutations = 400}).p < 0.05) ++rejected;
  }
  EXPECT_NEAR(static_cast<double>(rejected) / kTrials, 0.05, 0.035);
}

TEST(Bootstrap, IntervalHoldsTheMeanAsOftenAsItSays) {
  int held = 0;
  constexpr int kTrials = 300;
  for (int i = 0; i < kTrials; ++i) {
    const Interval interval =
        bootstrap_interval(normal_values(60, 2, 5000 + i), {.resamples = 400});
    if (interval.low <= 2 && 2 <= interval.high) ++held;
  }
  EXPECT_NEAR(static_cast<double>(held) / kTrials, 0.94, 0.04);
}

TEST(Bootstrap, OfManyValuesIsTheNormalInterval) {
  const std::vector<double> values = normal_values(2000, 1, 8);
  double mean = 0;
  for (const double v : values) mean += v / 2000;
  double variance = 0;
  for (const double v : values) variance += (v - mean) * (v - mean) / 1999;
  const double half = 1.96 * std::sqrt(variance / 2000);
  const Interval found = bootstrap_interval(values, {});
  EXPECT_NEAR(found.low, mean - half, 0.003);
  EXPECT_NEAR(found.high, mean + half, 0.003);
}

TEST(Bootstrap, OfNothingAndOfOneValue) {
  EXPECT_EQ(bootstrap_interval({}, {}).high, 0);
  const std::vector<double> one = {0.25};
  EXPECT_EQ(bootstrap_interval(one, {}).low, 0.25);
  EXPECT_EQ(bootstrap_interval(one, {}).high, 0.25);
  EXPECT_EQ(paired_bootstrap(std::vector<double>{0, 0}, {}).p, 1);
  EXPECT_NEAR(paired_bootstrap(std::vector<double>{1, 1, 1}, {}).p, 2.0 / 10001, 1e-12);
}

TEST(EffectSize, IsMeanOverDeviation) {
  EXPECT_NEAR(*effect_size(std::vector<double>{1, 2, 3}), 2.0, 1e-12);
  EXPECT_NEAR(*effect_size(std::vector<double>{-1, 0, 1}), 0.0, 1e-12);
  EXPECT_FALSE(effect_size(std::vector<double>{1, 1, 1}));
  EXPECT_FALSE(effect_size(std::vector<double>{1}));
}

TEST(Holm, KnownValues) {
  struct Case {
    std::vector<double> p, corrected;
  };
  const Case cases[] = {{{}, {}},
                        {{0.04}, {0.04}},
                        {{0.01, 0.02, 0.03}, {0.03, 0.04, 0.04}},
                        {{0.5, 0.9}, {1, 1}},
                        {{0.03, 0.01}, {0.03, 0.02}},
                        {{0.02, 0.02, 0.02}, {0.06, 0.06, 0.06}}};
  for (const Case& c : cases) {
    const auto found = holm(c.p);
    ASSERT_EQ(found.size(), c.corrected.size());
    for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], c.corrected[i], 1e-12);
  }
}

std::map<std::string, MetricValues> system_of(const std::vector<double>& values) {
  std::map<std::string, MetricValues> out;
  for (size_t i = 0; i < values.size(); ++i) out[fmt::format("q{:02}", i)] = {{"m", values[i]}};
  return out;
}

TEST(Comparison, SaysInWordsWhatCanBeTold) {
  const auto good = system_of(std::vector<double>(8, 1.0));
  const auto bad = system_of(std::vector<double>(8, 0.0));
  const auto mixed = system_of({1, 0, 1, 0, 1, 0, 1, 1});
  const auto found = compare_pairs(
      "task", "m", {{"bad", &bad}, {"good", &good}, {"same", &good}, {"mixed", &mixed}}, {});
  ASSERT_EQ(found.size(), 6u);
  EXPECT_EQ(found[0].verdict(), "good is better than bad");
  EXPECT_EQ(found[0].losses, 8);
  EXPECT_DOUBLE_EQ(found[0].test.p, 2.0 / 256);
  EXPECT_DOUBLE_EQ(found[0].p_holm, 6 * 2.0 / 256);
  EXPECT_EQ(found[3].verdict(), "good and same are not distinguishable");
  EXPECT_EQ(found[3].ties, 8);
  EXPECT_FALSE(found[3].effect);
  EXPECT_EQ(found[4].verdict(), "good and mixed are not distinguishable");
  EXPECT_EQ(found[4].wins, 3);
  EXPECT_THAT(comparison_text(found[4]), HasSubstr("win/tie/loss 3/5/0 of 8"));
  EXPECT_THAT(comparison_text(found[4]), HasSubstr("not distinguishable"));
  EXPECT_EQ(comparison_json(found[3]).at("effect_size"), nullptr);
}

TEST(Comparison, OnlyQueriesOfBothCountAndMetricsAreKnown) {
  const auto two = system_of({1, 0});
  const auto three = system_of({1, 1, 1});
  const auto found = compare_pairs("t", "m", {{"two", &two}, {"three", &three}}, {}).at(0);
  EXPECT_EQ(found.queries, 2);
  EXPECT_DOUBLE_EQ(found.difference, -0.5);
  const std::map<std::string, MetricValues> real = {{"q", query_metrics({{"d", 1}}, {"d"})}};
  EXPECT_THAT(test::error_of([&] { values_of(real, "ndgc_at_10"); }, ErrorCode::kUsage),
              HasSubstr("did you mean \"ndcg_at_10\"?"));
}

TEST(Comparison, TasksAreCorrectedTogether) {
  const auto good = system_of(std::vector<double>(8, 1.0));
  const auto bad = system_of(std::vector<double>(8, 0.0));
  std::vector<PairComparison> all;
  for (const char* task : {"a", "b", "c"}) {
    const auto one = compare_pairs(task, "m", {{"good", &good}, {"bad", &bad}}, {});
    EXPECT_DOUBLE_EQ(one.at(0).p_holm, 2.0 / 256);
    all.insert(all.end(), one.begin(), one.end());
  }
  correct_together(all);
  for (const PairComparison& one : all) EXPECT_DOUBLE_EQ(one.p_holm, 6.0 / 256);
}

}  // namespace
}  // namespace recto
