#include "eval/chance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/random.h"
#include "eval/comparison.h"
#include "eval/evaluate.h"
#include "support/errors.h"

namespace recto {
namespace {
using ::testing::HasSubstr;

/// Queries with 1, 2 and 3 relevant pages of `pages`, one of them graded.
Qrels judged(int64_t pages) {
  return {{"q1", {{"p0", 1}}},
          {"q2", {{"p1", 3}, {"p2", 1}, {"p3", 0}}},
          {"q3", {{"p0", 1}, {"p1", 1}, {fmt::format("p{}", pages - 1), 2}}}};
}

RetrievalTask task_of(int64_t pages, int queries) {
  RetrievalTask task;
  task.name = "task";
  task.split = "test";
  for (int64_t i = 0; i < pages; ++i) task.page_ids.push_back(fmt::format("p{:03}", i));
  task.pages.resize(pages);
  task.page_texts.resize(pages);
  for (int i = 0; i < queries; ++i) {
    QueryRow query;
    query.query_id = fmt::format("q{:03}", i);
    task.qrels[query.query_id] = {{task.page_ids[(i * 7) % pages], 1}};
    task.queries.push_back(query);
  }
  return task;
}

/// A system that knows nothing.
SystemResult shuffled(const RetrievalTask& task, uint64_t seed) {
  Random random(seed);
  Run run;
  for (const QueryRow& query : task.queries) {
    std::vector<std::string> ids = task.page_ids;
    random.shuffle(ids);
    for (size_t i = 0; i < ids.size(); ++i) {
      run[query.query_id].push_back({ids[i], -static_cast<double>(i)});
    }
  }
  return rank_run(task, "shuffled", run);
}

TEST(Chance, DrawnMeansAreTheExpectedOnesOnAverage) {
  for (const int64_t pages : {4, 9, 300}) {
    const Qrels qrels = judged(pages);
    std::map<std::string, MetricValues> expected;
    for (const auto& [query, judgements] : qrels) {
      expected[query] = random_order_metrics(judgements, pages);
    }
    for (const auto& [name, value] : mean_metrics(expected)) {
      const auto means = chance_means(qrels, pages, name, {.permutations = 20000});
      EXPECT_NEAR(mean_of(means), value, 0.006) << name << " of " << pages;
    }
  }
}

TEST(Chance, DrawnMeansAreThoseOfAllOrders) {
  // Of 5 pages: the share of the 120 orders with each value, beside the share that is drawn.
  const Qrels qrels = {{"q", {{"p0", 2}, {"p1", 1}}}};
  std::vector<std::string> order = {"p0", "p1", "p2", "p3", "p4"};
  std::vector<double> all;
  do {
    all.push_back(query_metrics(qrels.at("q"), order).at("ndcg_at_3"));
  } while (std::next_permutation(order.begin(), order.end()));
  const auto drawn = chance_means(qrels, 5, "ndcg_at_3", {.permutations = 60000});
  for (const double value : all) {
    const auto share = [&](const std::vector<double>& values) {
      return static_cast<double>(std::count_if(values.begin(), values.end(),
                                               [&](double v) { return v <= value + 1e-9; })) /
             static_cast<double>(values.size());
    };
    EXPECT_NEAR(share(drawn), share(all), 0.01) << value;
  }
}

TEST(Chance, OrdersThatKnowNothingHavePValuesOfAllSizes) {
  const RetrievalTask task = task_of(100, 60);
  // To 100, where nearly every order has a mean of its own.
  const auto means = chance_means(task.qrels, 100, "ndcg_at_100", {});
  const double expected = rank_random(task).mean.at("ndcg_at_100");
  int small = 0;
  constexpr int kSystems = 300;
  for (int seed = 0; seed < kSystems; ++seed) {
    const double mean = shuffled(task, seed).mean.at("ndcg_at_100");
    if (chance_test(means, expected, mean).p < 0.1) ++small;
  }
  EXPECT_NEAR(small, 0.1 * kSystems, 16);
}

TEST(Chance, IsComparedByItsExpectedValue) {
  EvalReport report;
  report.task = task_of(500, 300);
  report.systems.push_back(shuffled(report.task, 9));
  report.systems.push_back(rank_random(report.task));
  compare_systems(report);
  const PairComparison& found = report.comparisons.at(0);
  EXPECT_EQ(found.verdict(), "shuffled and random are not distinguishable");
  EXPECT_NEAR(found.difference,
              report.systems[0].mean.at("ndcg_at_5") - report.systems[1].mean.at("ndcg_at_5"),
              1e-12);
  EXPECT_EQ(found.test.permutations, 10000);
  EXPECT_THAT(comparison_text(found), HasSubstr("10000 random orders"));
  EXPECT_THAT(chance_text(report.comparisons), HasSubstr("expected value over all orders"));
  EXPECT_TRUE(comparison_json(found).at("wins").is_null());
  EXPECT_EQ(chance_text({}), "");
}

TEST(Chance, APerfectSystemIsMoreThanChance) {
  EXPECT_EQ(chance_test({0, 0.1, 0.2}, 0.1, 0.9).p, 0.25);
  EXPECT_EQ(chance_test({0, 0.1, 0.2}, 0.1, 0.2).p, 0.75) << "both sides count";
  EXPECT_EQ(chance_test({0, 0.1, 0.2}, 0.1, 0.1).p, 1);
}

TEST(Chance, MetricsThatThereAreNot) {
  for (const char* name : {"ndcg", "nDCG@10", "ndcg_at_4", "", "_at_5"}) {
    EXPECT_THAT(test::error_of([&] { check_metric_name(name); }, ErrorCode::kUsage),
                HasSubstr("there are ndcg, ndcg_exp, recall, precision, map, mrr, hit_rate"))
        << name;
  }
  EXPECT_THAT(test::error_of([] { check_metric_name("nDCG@10"); }, ErrorCode::kUsage),
              HasSubstr("did you mean \"ndcg_at_10\"?"));
}

}  // namespace
}  // namespace recto
