#include "eval/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace recto {
namespace {

TEST(Metrics, GradesBelowZeroAndUnjudgedCountAsNothing) {
  const Judgements judgements = {{"bad", -2}, {"good", 1}, {"zero", 0}};
  const MetricValues values = query_metrics(judgements, {"bad", "unknown", "good"});
  EXPECT_DOUBLE_EQ(values.at("ndcg_at_3"), 0.5);
  EXPECT_DOUBLE_EQ(values.at("mrr_at_3"), 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(values.at("recall_at_1"), 0.0);
  EXPECT_DOUBLE_EQ(values.at("precision_at_100"), 0.01);
}

TEST(Metrics, NothingRelevantOrNothingFoundIsZero) {
  for (const auto& values : {query_metrics({{"d", 0}}, {"d"}), query_metrics({}, {"d"}),
                             query_metrics({{"d", 1}}, {})}) {
    for (const auto& [name, value] : values) EXPECT_EQ(value, 0.0) << name;
  }
}

/// The mean over every order of the documents.
MetricValues mean_over_orders(const Judgements& judgements, std::vector<std::string> documents) {
  std::sort(documents.begin(), documents.end());
  std::map<std::string, MetricValues> all;
  int order = 0;
  do {
    all[std::to_string(order++)] = query_metrics(judgements, documents);
  } while (std::next_permutation(documents.begin(), documents.end()));
  return mean_metrics(all);
}

TEST(Metrics, RandomOrderIsTheMeanOverAllOrders) {
  const std::vector<Judgements> cases = {
      {{"a", 1}}, {{"a", 3}, {"b", 1}}, {{"a", 2}, {"b", 2}, {"c", 1}, {"d", 0}}, {{"a", 0}}};
  for (const Judgements& judgements : cases) {
    for (const int documents : {4, 5, 7}) {
      std::vector<std::string> ids;
      for (int i = 0; i < documents; ++i) ids.emplace_back(1, static_cast<char>('a' + i));
      const MetricValues wanted = mean_over_orders(judgements, ids);
      const MetricValues found = random_order_metrics(judgements, documents);
      for (const auto& [name, value] : wanted) EXPECT_NEAR(found.at(name), value, 1e-12) << name;
    }
  }
}

TEST(Metrics, JudgedOnesThatAreNotThereAreNeverFoundInARandomOrder) {
  struct Case {
    Judgements there, absent;
  };
  const std::vector<Case> cases = {{{{"a", 1}}, {{"z", 1}}},
                                   {{{"a", 3}, {"b", 1}}, {{"y", 2}, {"z", 0}}},
                                   {{{"a", 0}}, {{"z", 1}}},
                                   {{}, {{"z", 2}}}};
  for (const Case& one : cases) {
    for (const int documents : {4, 7}) {
      std::vector<std::string> ids;
      for (int i = 0; i < documents; ++i) ids.emplace_back(1, static_cast<char>('a' + i));
      Judgements all = one.there;
      all.insert(one.absent.begin(), one.absent.end());
      const MetricValues wanted = mean_over_orders(all, ids);
      const MetricValues found = random_order_metrics(one.there, documents, one.absent);
      for (const auto& [name, value] : wanted) EXPECT_NEAR(found.at(name), value, 1e-12) << name;
    }
  }
}

TEST(Metrics, QueriesInOnlyOneOfQrelsAndRunAreNotScored) {
  const auto per_query =
      run_metrics({{"q1", {{"d", 1}}}, {"q2", {{"d", 1}}}}, {{"q1", {{"d", 0.5}}}, {"q3", {}}});
  ASSERT_EQ(per_query.size(), 1u);
  EXPECT_EQ(per_query.at("q1").at("hit_rate_at_1"), 1.0);
  EXPECT_TRUE(mean_metrics({}).empty());
}

}  // namespace
}  // namespace recto
