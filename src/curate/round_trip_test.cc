#include "curate/round_trip.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "base/file.h"
#include "base/random.h"

namespace recto {
namespace {

CorpusQuery query(const std::string& text, std::vector<int32_t> pages,
                  const std::string& kind = "heading") {
  CorpusQuery out;
  out.row.query_id = "q " + text;
  out.row.query = text;
  out.row.kind = kind;
  out.pages = std::move(pages);
  return out;
}

PageTexts texts_of(const std::vector<std::string>& texts) {
  return [&texts](const auto& visit) {
    for (size_t i = 0; i < texts.size(); ++i) visit(static_cast<int32_t>(i), texts[i]);
  };
}

std::map<std::string, AuditRow> by_item(const Audit& audit) {
  std::map<std::string, AuditRow> rows;
  for (const AuditRow& row : audit.rows()) rows[row.item] = row;
  return rows;
}

TEST(RoundTrip, KeptAndDroppedWithTheirRanks) {
  const std::vector<std::string> texts = {"oil pressure limits of the engine",
                                          "oil",
                                          "oil oil oil",
                                          "日本語の説明書を読む方法",
                                          "日本の歴史",
                                          "",
                                          "pump"};
  TemporaryDirectory directory;
  const auto ranker = make_bm25_ranker(directory.path() / "bm25", texts_of(texts));
  std::vector<CorpusQuery> queries = {query("oil pressure", {0}),
                                      query("oil", {0}),
                                      query("oil", {0, 2}),
                                      query("valve", {6}),
                                      query("scanned page", {5}),
                                      query("scanned oil", {0, 5}),
                                      query("pompe à huile", {6}, "cross_lingual"),
                                      query("説明書を読む", {3})};
  for (CorpusQuery& q : queries) q.row.query_id = fmt::format("{} {}", q.row.query, q.pages.size());
  Audit audit;
  const RoundTripReport report = round_trip(queries, *ranker, {2, 2}, audit);
  struct Case {
    const char* item;
    const char* decision;
    const char* reason;
    double rank;
  };
  const Case cases[] = {
      {"oil pressure 1", "kept", "its page is found by bm25", 1},
      {"oil 1", "dropped", "its page is not among the first of bm25", 3},
      {"oil 2", "kept", "its page is found by bm25", 1},
      {"valve 1", "dropped", "its page is not found by bm25", 0},
      {"scanned page 1", "kept", "not judged by bm25: page without text", 0},
      {"scanned oil 2", "dropped", "its page is not among the first of bm25", 3},
      {"pompe à huile 1", "kept", "not judged by bm25: cross-lingual", 0},
      {"説明書を読む 1", "kept", "its page is found by bm25", 1},
  };
  const auto rows = by_item(audit);
  ASSERT_EQ(rows.size(), std::size(cases));
  for (const Case& wanted : cases) {
    const AuditRow& row = rows.at(wanted.item);
    EXPECT_EQ(row.stage, "round_trip");
    EXPECT_EQ(row.decision, wanted.decision) << wanted.item;
    EXPECT_EQ(row.reason, wanted.reason) << wanted.item;
    EXPECT_EQ(row.score, wanted.rank) << wanted.item;
    EXPECT_EQ(row.threshold, 2);
  }
  EXPECT_EQ(report.kept, 3);
  EXPECT_EQ(report.dropped, 3);
  EXPECT_EQ(report.not_judged, 2);
  ASSERT_EQ(queries.size(), 5u);
  EXPECT_EQ(queries[4].row.query, "説明書を読む");
}

TEST(RoundTrip, SameResultWhateverTheThreads) {
  Random random(3);
  std::vector<std::string> texts(200);
  std::vector<CorpusQuery> all;
  for (size_t i = 0; i < texts.size(); ++i) {
    for (int n = 0; n < 30; ++n) texts[i] += fmt::format("w{} ", random.below(80));
    all.push_back(query(fmt::format("w{} w{}", random.below(80), random.below(80)),
                        {static_cast<int32_t>(random.below(200))}));
    all.back().row.query_id = fmt::format("q{}", i);
  }
  TemporaryDirectory directory;
  const auto ranker = make_bm25_ranker(directory.path() / "bm25", texts_of(texts));
  std::vector<std::vector<std::string>> results;
  for (const int threads : {1, 4}) {
    std::vector<CorpusQuery> queries = all;
    Audit audit;
    round_trip(queries, *ranker, {20, threads}, audit);
    auto& result = results.emplace_back();
    for (const AuditRow& row : audit.rows()) {
      result.push_back(fmt::format("{} {} {}", row.item, row.reason, row.score));
    }
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0].size(), 200u);
}

TEST(Bm25Ranker, BestPagesScoresAndTheAllowedOnes) {
  const std::vector<std::string> texts = {"oil pump", "oil", "pump pump oil", "gas"};
  TemporaryDirectory directory;
  const auto ranker = make_bm25_ranker(directory.path() / "bm25", texts_of(texts));
  const CorpusQuery asked = query("pump", {0, 3});
  const CorpusQuery* list[] = {&asked};
  const auto all = ranker->rank(list, 10, {}, 1);
  ASSERT_EQ(all[0].best.size(), 2u);
  EXPECT_EQ(all[0].best[0].page, 2);
  EXPECT_EQ(all[0].answer_scores[0], all[0].best[1].score);
  EXPECT_LT(all[0].answer_scores[1], 0) << "it has none of the words";
  EXPECT_EQ(all[0].answer_rank, 2);
  const std::vector<uint8_t> allowed = {1, 1, 0, 1};
  const auto some = ranker->rank(list, 10, allowed, 1);
  ASSERT_EQ(some[0].best.size(), 1u);
  EXPECT_EQ(some[0].best[0].page, 0);
  EXPECT_EQ(some[0].answer_rank, 2) << "among all pages";
}

}  // namespace
}  // namespace recto
