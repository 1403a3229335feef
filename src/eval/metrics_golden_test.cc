#include <gtest/gtest.h>

#include "base/json.h"
#include "eval/metrics.h"
#include "eval/trec.h"
#include "support/golden_sections.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

/// mteb's name of a metric of expected.json: "ndcg_linear@5" -> "ndcg_at_5".
std::string our_name(const std::string& golden) {
  const size_t at = golden.find('@');
  std::string name = golden.substr(0, at);
  if (name == "ndcg_linear") name = "ndcg";
  if (name == "hit") name = "hit_rate";
  return name + "_at_" + golden.substr(at + 1);
}

/// Name of a measure of pytrec_eval, "" for those recto does not have (over the whole ranking).
std::string our_pytrec_name(const std::string& measure) {
  const std::pair<const char*, const char*> prefixes[] = {{"ndcg_cut_", "ndcg_at_"},
                                                          {"P_", "precision_at_"},
                                                          {"recall_", "recall_at_"},
                                                          {"map_cut_", "map_at_"}};
  for (const auto& [theirs, ours] : prefixes) {
    if (measure.starts_with(theirs)) return ours + measure.substr(std::string(theirs).size());
  }
  return {};
}

class MetricsGolden : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = test::goldens() / "metrics";
    for (const char* name : {"expected.json", "qrels.txt"}) {
      if (!fs::exists(folder_ / name)) GTEST_SKIP() << name << " is not in " << folder_;
    }
    expected_ = read_json(folder_ / "expected.json");
    qrels_ = read_qrels(folder_ / "qrels.txt");
  }

  /// Whether the set has the run `name`.
  bool has_run(const std::string& name) { return sections_.has(folder_ / (name + ".txt")); }

  fs::path folder_;
  Json expected_;
  Qrels qrels_;
  test::GoldenSections sections_;
};

TEST_F(MetricsGolden, EveryQueryOfEveryRun) {
  for (const auto& [name, golden] : expected_.at("runs").items()) {
    if (!has_run(name)) continue;
    const auto per_query = run_metrics(qrels_, read_run(folder_ / (name + ".txt")));
    ASSERT_EQ(per_query.size(), golden.at("metrics").size()) << name;
    sections_.tested();
    for (const auto& [query, metrics] : golden.at("metrics").items()) {
      ASSERT_TRUE(per_query.count(query)) << query;
      for (const auto& [metric, value] : metrics.items()) {
        EXPECT_NEAR(per_query.at(query).at(our_name(metric)), value.get<double>(), 1e-9)
            << name << " " << query << " " << metric;
      }
    }
  }
  sections_.finish();
}

TEST_F(MetricsGolden, PytrecEvalAgrees) {
  for (const auto& [name, golden] : expected_.at("runs").items()) {
    if (!has_run(name)) continue;
    const auto per_query = run_metrics(qrels_, read_run(folder_ / (name + ".txt")));
    const Json pytrec = golden.value("pytrec_eval", Json::object());
    for (const auto& [query, measures] : pytrec.items()) {
      for (const auto& [measure, value] : measures.items()) {
        const std::string ours = our_pytrec_name(measure);
        if (ours.empty()) continue;
        EXPECT_NEAR(per_query.at(query).at(ours), value.get<double>(), 1e-9)
            << name << " " << query << " " << measure;
        sections_.tested();
      }
    }
  }
  sections_.finish();
}

TEST_F(MetricsGolden, RankingsAndMeans) {
  for (const auto& [name, golden] : expected_.at("runs").items()) {
    if (!has_run(name)) continue;
    const recto::Run run = read_run(folder_ / (name + ".txt"));
    for (const auto& [query, ids] : golden.at("ranking").items()) {
      EXPECT_EQ(ranked_ids(run.at(query)), ids.get<std::vector<std::string>>()) << name << query;
    }
    const MetricValues mean = mean_metrics(run_metrics(qrels_, run));
    sections_.tested();
    for (const auto& [metric, value] : golden.at("macro_mean").items()) {
      EXPECT_NEAR(mean.at(our_name(metric)), value.get<double>(), 1e-9) << name << " " << metric;
    }
  }
  sections_.finish();
}

}  // namespace
}  // namespace recto
