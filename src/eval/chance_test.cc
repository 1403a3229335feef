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

/// The same order for every query.
SystemResult shuffled_once(const RetrievalTask& task, uint64_t seed) {
  Random random(seed);
  std::vector<std::string> ids = task.page_ids;
  random.shuffle(ids);
  Run run;
  for (const QueryRow& query : task.queries) {
    for (size_t i = 0; i < ids.size(); ++i) {
      run[query.query_id].push_back({ids[i], -static_cast<double>(i)});
    }
  }
  return rank_run(task, "alike", run);
}

std::vector<std::string> page_ids(int64_t pages) {
  std::vector<std::string> ids;
  for (int64_t i = 0; i < pages; ++i) ids.push_back(fmt::format("p{}", i));
  return ids;
}

/// All pages for each query, in the order of `ids`.
Run one_order(const Qrels& qrels, const std::vector<std::string>& ids) {
  Run run;
  for (const auto& [query, judgements] : qrels) {
    for (size_t i = 0; i < ids.size(); ++i) {
      run[query].push_back({ids[i], -static_cast<double>(i)});
    }
  }
  return run;
}

TEST(Chance, MeansAreTheExpectedOnesOnAverage) {
  for (const int64_t pages : {4, 9, 150}) {
    const Qrels qrels = judged(pages);
    const auto run = one_order(qrels, page_ids(pages));
    std::map<std::string, MetricValues> expected;
    for (const auto& [query, judgements] : qrels) {
      expected[query] = random_order_metrics(judgements, pages);
    }
    for (const auto& [name, value] : mean_metrics(expected)) {
      const auto means = exchanged_means(qrels, run, page_ids(pages), name, {.permutations = 3000});
      EXPECT_NEAR(mean_of(means), value, 0.025) << name << " of " << pages;
    }
  }
}

TEST(Chance, ExchangesAreThoseOfAllOrders) {
  // Of 5 pages: the share of the 120 orders with each value, beside the share that is drawn.
  const Qrels qrels = {{"q", {{"p0", 2}, {"p1", 1}}}};
  std::vector<std::string> order = page_ids(5);
  const auto run = one_order(qrels, order);
  std::vector<double> all;
  do {
    all.push_back(query_metrics(qrels.at("q"), order).at("ndcg_at_3"));
  } while (std::next_permutation(order.begin(), order.end()));
  const auto drawn = exchanged_means(qrels, run, page_ids(5), "ndcg_at_3", {.permutations = 60000});
  for (const double value : all) {
    const auto share = [&](const std::vector<double>& values) {
      return static_cast<double>(std::count_if(values.begin(), values.end(),
                                               [&](double v) { return v <= value + 1e-9; })) /
             static_cast<double>(values.size());
    };
    EXPECT_NEAR(share(drawn), share(all), 0.01) << value;
  }
}

TEST(Chance, SystemsThatKnowNothingHavePValuesOfAllSizes) {
  // An order for each query, and one for all of them: the queries ask for few pages, so that such
  // a system has luck, or none, with all of them at once.
  RetrievalTask task = task_of(20, 12);
  for (int i = 0; i < 12; ++i) {
    task.qrels[fmt::format("q{:03}", i)] = {{task.page_ids[i % 3], 1}};
  }
  const double expected = rank_random(task).mean.at("ndcg_at_20");
  constexpr int kSystems = 200;
  for (const bool alike : {false, true}) {
    int small = 0;
    for (int seed = 0; seed < kSystems; ++seed) {
      const SystemResult system = alike ? shuffled_once(task, seed) : shuffled(task, seed);
      const auto means = exchanged_means(task.qrels, system.run, task.page_ids, "ndcg_at_20",
                                         {.permutations = 200});
      if (chance_test(means, expected, system.mean.at("ndcg_at_20")).p < 0.1) ++small;
    }
    EXPECT_NEAR(small, 0.1 * kSystems, 13) << alike;
  }
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
  EXPECT_THAT(comparison_text(found), HasSubstr("10000 exchanges of pages"));
  EXPECT_THAT(chance_text(report.comparisons), HasSubstr("expected value over all orders"));
  EXPECT_TRUE(comparison_json(found).at("wins").is_null());
  EXPECT_EQ(chance_text({}), "");
}

TEST(Chance, IsBeatenWherePAndIntervalBothSaySo) {
  struct Case {
    double p, low, high;
    bool against_chance, told_apart;
  };
  const Case cases[] = {
      {0.01, 0.1, 0.3, true, true},  {0.01, -0.3, -0.1, true, true}, {0.01, -0.1, 0.3, true, false},
      {0.20, 0.1, 0.3, true, false}, {0.05, 0.1, 0.3, true, false},  {0.01, -0.1, 0.3, false, true},
  };
  for (const Case& c : cases) {
    PairComparison one;
    one.against_chance = c.against_chance;
    one.p_holm = c.p;
    one.bootstrap.interval = {c.low, c.high};
    EXPECT_EQ(one.is_distinguishable(), c.told_apart) << c.p << " " << c.low;
  }
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
