#include "learn/train_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "learn/train_test_support.h"
#include "support/parsed_html.h"

namespace recto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile =
    "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

ReportedDocument page(int number) {
  return {{"doc-" + std::to_string(number), kHostile, number, kHostile,
           report_thumbnail(test::striped_page(number)), 90, 120, ""},
          ""};
}

/// A report in which every text is hostile.
TrainReport report() {
  TrainReport report;
  report.title = report.made_by = report.state = kHostile;
  report.totals = {{kHostile, 12345}};
  for (int step = 1; step <= 40; ++step) {
    report.metrics.push_back({{"step", step},
                              {"loss", 2.0 / step},
                              {"lr", 1e-4},
                              {"terms", {{kHostile, 0.5}}},
                              {kHostile, 1.0 * step}});
  }
  report.metrics.push_back({{"step", 41}, {"loss", nullptr}, {"lr", 1e-4}});
  report.metrics.push_back(
      {{"step", 41}, {"warning", kHostile}, {"value", kHostile}, {kHostile, {kHostile}}});
  report.metrics.push_back({{"step", 0}, {"ndcg_at_5", 0.25}, {"queries", 8}, {kHostile, 0.5}});
  report.metrics.push_back({{"step", 20}, {"ndcg_at_5", 0.75}, {"queries", 8}});
  report.metrics.push_back({{"step", 40}, {"ndcg_at_5", 0.5}, {"queries", 8}});
  report.facts = report.resources = {{kHostile, kHostile}};
  report.settings = {{"lr", 1e-4}, {kHostile, {kHostile}}};
  report.mix = {{kHostile, kHostile, kHostile, 300, 75}, {"b", "", "", 100, 25}};
  for (int i = 0; i < 4; ++i) {
    report.examples.push_back({kHostile, {kHostile, ""}, page(1), {page(2), page(3)}});
  }
  report.examples[1].negatives[0] = {{}, kHostile};
  report.examples_total = 70;
  return report;
}

TEST(TrainReport, IsWellFormedAndHostileTextStaysText) {
  const Json html = test::parsed_html(train_report_html(report()));
  EXPECT_TRUE(html.at("open").empty()) << html.at("open");
  EXPECT_TRUE(html.at("bad").empty()) << html.at("bad");
  EXPECT_EQ(html.at("tags").at("script"), 1);
  EXPECT_EQ(html.at("tags").at("style"), 1);
  EXPECT_EQ(html.at("tags").at("img"), 12);  // three an example, a passage once, the enlarged one
  const std::vector<std::string> ids = html.at("ids");
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
  for (const Json& source : html.at("sources")) {
    const std::string text = source;
    EXPECT_TRUE(text.starts_with("data:image/jpeg;base64,/9j/") || text.starts_with("#")) << text;
  }
}

TEST(TrainReport, SaysWhatTheTrainingCameTo) {
  const std::string text = test::parsed_html(train_report_html(report())).at("text");
  for (const char* said : {"Before (step 0)", "Best (step 20)", "Last (step 40)", "nDCG@5",
                           "0.2500", "0.7500", "+0.2500", "12,345", "100 of 400 pairs (25.0 %)",
                           "4 of 70 queries with hard negatives", "0.0001", "running mean"}) {
    EXPECT_THAT(text, HasSubstr(said));
  }
}

TEST(TrainReport, MinedNegativesAreNoMeasurement) {
  TrainReport mined;
  mined.metrics = {{{"step", 1}, {"hard_negatives", {{"queries", 4}}}}, {{"step", 1}, {"loss", 2}}};
  EXPECT_THAT(train_report_html(mined), HasSubstr("Nothing was held out."));
  mined.metrics.push_back({{"step", 2}, {"ndcg_at_5", 0.25}, {"queries", 8}});
  mined.metrics.push_back({{"step", 3}, {"hard_negatives", {{"queries", 4}}}});
  const std::string text = test::parsed_html(train_report_html(mined)).at("text");
  EXPECT_THAT(text, HasSubstr("First (step 2)"));
  EXPECT_THAT(text, Not(HasSubstr("Last (step 3)")));
}

TEST(TrainReport, LoadsNothing) {
  const std::string html = train_report_html(report());
  for (const char* word : {"http:", "https:", "url(", "@import", "fetch(", "XMLHttp"}) {
    EXPECT_THAT(html, Not(HasSubstr(word)));
  }
  EXPECT_THAT(html, HasSubstr("default-src 'none'; img-src data:;"));
}

TEST(TrainReport, OfNothing) {
  const std::string html = train_report_html({});
  const Json parsed = test::parsed_html(html);
  EXPECT_TRUE(parsed.at("bad").empty() && parsed.at("open").empty());
  const std::string text = parsed.at("text");
  for (const char* said :
       {"Nothing was held out.", "No step was taken.", "None.", "No query has hard negatives."}) {
    EXPECT_THAT(text, HasSubstr(said));
  }
}

TEST(TrainReport, StaysBelowItsLimit) {
  TrainReport large = report();
  const size_t once = train_report_html(large).size();
  while (large.examples.size() < 200) large.examples.push_back(large.examples.front());
  const std::string html = train_report_html(large, 2 * once);
  EXPECT_LE(html.size(), 2 * once);
  EXPECT_GT(html.size(), once * 3 / 2);
  EXPECT_EQ(train_report_html(large, 2 * once), html);
}

TEST(TrainingCurves, AreOrderedAndBounded) {
  std::vector<Json> metrics;
  for (int step = 1; step <= 5000; ++step) {
    metrics.push_back({{"step", step},
                       {"loss", step == 7 ? Json(nullptr) : Json(1.0)},
                       {"lr", 0.1},
                       {"masked", 3},
                       {"gradient_norm", 2.0},
                       {"terms", {{"a", 1.0}, {"b", 2.0}}}});
  }
  metrics.push_back({{"step", 5000}, {"ndcg_at_10", 0.5}, {"hit_rate_at_1", 0.25}, {"pages", 9}});
  std::vector<std::string> titles;
  for (const LineChart& chart : training_curves(metrics)) {
    titles.push_back(chart.title);
    for (const ChartSeries& series : chart.series) EXPECT_LE(series.y.size(), 500u);
  }
  EXPECT_THAT(titles,
              ElementsAre("Loss", "Held-out retrieval", "Parts of the loss, before their weights",
                          "Learning rate", "Gradient norm before clipping", "Masked"));
  const LineChart loss = training_curves(metrics).front();
  EXPECT_THAT(loss.marks, ElementsAre(7));
  const LineChart held_out = training_curves(metrics)[1];
  ASSERT_EQ(held_out.series.size(), 2u);
  EXPECT_EQ(held_out.series[0].name, "nDCG@10");
  EXPECT_EQ(held_out.series[1].name, "hit@1");
}

}  // namespace
}  // namespace recto
