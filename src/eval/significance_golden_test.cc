#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "eval/comparison.h"
#include "eval/significance.h"
#include "eval/trec.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

/// The generator of the reference bootstrap: x = (1103515245 x + 12345) mod 2^31 from 1, a place is
/// (x >> 16) mod n.
struct Congruential {
  uint64_t x = 1;
  size_t operator()(size_t n) {
    x = (1103515245 * x + 12345) % (uint64_t{1} << 31);
    return static_cast<size_t>((x >> 16) % n);
  }
};

std::string our_name(const std::string& golden) {
  const size_t at = golden.find('@');
  const std::string name = golden.substr(0, at);
  return (name == "ndcg_linear" ? "ndcg" : name) + "_at_" + golden.substr(at + 1);
}

TEST(SignificanceGolden, RunsComparedAsNumpyAndScipyDo) {
  const fs::path folder = test::goldens() / "metrics";
  if (!fs::exists(folder / "expected.json")) GTEST_SKIP() << "no expected.json in " << folder;
  const Json expected = read_json(folder / "expected.json");
  const Qrels qrels = read_qrels(folder / "qrels.txt");
  const auto a = run_metrics(qrels, read_run(folder / "run_ties.txt"));
  const auto b = run_metrics(qrels, read_run(folder / "run_floats.txt"));
  std::vector<PairComparison> all;
  for (const auto& [metric, wanted] : expected.at("tests").items()) {
    const auto found =
        compare_pairs("t", our_name(metric), {{"b", &b}, {"a", &a}}, Resampling()).at(0);
    EXPECT_NEAR(found.first_mean, wanted.at("mean_b").get<double>(), 1e-9) << metric;
    EXPECT_NEAR(found.second_mean, wanted.at("mean_a").get<double>(), 1e-9) << metric;
    EXPECT_NEAR(found.difference, wanted.at("mean_diff").get<double>(), 1e-9) << metric;
    EXPECT_TRUE(found.test.exact);
    EXPECT_NEAR(found.test.p, wanted.at("signflip_exact_p_two_sided").get<double>(), 1e-12);
    // t of the paired t test is the effect size times the root of n.
    EXPECT_NEAR(*found.effect * std::sqrt(static_cast<double>(found.queries)),
                wanted.at("ttest_rel_t").get<double>(), 1e-9);

    const auto differences = wanted.at("diff").get<std::vector<double>>();
    const auto means = bootstrap_means(differences, 2000, Congruential());
    const Interval interval = percentile_interval(means);
    EXPECT_NEAR(interval.low, wanted.at("bootstrap_ci95")[0].get<double>(), 1e-12) << metric;
    EXPECT_NEAR(interval.high, wanted.at("bootstrap_ci95")[1].get<double>(), 1e-12) << metric;
    all.push_back(found);
  }
  correct_together(all);
  for (const PairComparison& found : all) {
    for (const auto& [metric, wanted] : expected.at("tests").items()) {
      if (our_name(metric) != found.metric) continue;
      EXPECT_NEAR(found.p_holm, wanted.at("holm_adjusted_p").get<double>(), 1e-12) << metric;
    }
  }
}

TEST(SignificanceGolden, Holm) {
  const fs::path file = test::goldens() / "metrics/expected.json";
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file;
  const Json example = read_json(file).at("holm_example");
  const auto found = holm(example.at("p").get<std::vector<double>>());
  const auto wanted = example.at("adjusted").get<std::vector<double>>();
  ASSERT_EQ(found.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 1e-12);
}

}  // namespace
}  // namespace recto
