#include "curate/negatives.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <set>

#include "base/error.h"

namespace recto {
namespace {

/// Ranks the pages 0, 1, 2, ... in this order for every query, with the scores given.
class FixedRanker : public Ranker {
 public:
  explicit FixedRanker(std::vector<double> scores, std::string name = "fixed")
      : scores_(std::move(scores)), name_(std::move(name)) {}

  std::string_view name() const override { return name_; }
  std::string_view cannot_judge(int32_t, std::string_view) const override { return ""; }
  std::vector<Ranking> rank(std::span<const CorpusQuery* const> queries, int k,
                            std::span<const uint8_t> allowed, int) override {
    std::vector<Ranking> out;
    for (const CorpusQuery* query : queries) {
      Ranking ranking;
      for (const int32_t page : query->pages) ranking.answer_scores.push_back(scores_[page]);
      ranking.answer_rank = 1;
      for (size_t i = 0; i < scores_.size(); ++i) {
        if (std::ssize(ranking.best) < k && (allowed.empty() || allowed[i] != 0)) {
          ranking.best.push_back({static_cast<int32_t>(i), scores_[i]});
        }
      }
      out.push_back(std::move(ranking));
    }
    return out;
  }

 private:
  std::vector<double> scores_;
  std::string name_;
};

/// A hash that is far from all others.
PerceptualHash far_hash(uint64_t seed) {
  PerceptualHash hash{};
  for (auto& word : hash) word = (seed += 0x9E3779B97F4A7C15U) * 0xBF58476D1CE4E5B9U;
  return hash;
}

/// Twelve pages with ever lower scores: d0 (pages 0..5, family f0) and d1 (6..8, f0) in train, d2
/// (9, 10; f1) in train, d3 (11; f2) in test. Page 2 answers the query.
struct Scene {
  Corpus corpus;
  PageHeadings headings;
  NegativeSettings settings;
  std::vector<CorpusQuery> queries;
  std::vector<double> scores = {20, 15, 10, 9.4, 9, 8, 7, 6, 5, 4, 3, 2};

  Scene() {
    corpus.documents = {
        {"d0", "f0", "train"}, {"d1", "f0", "train"}, {"d2", "f1", "train"}, {"d3", "f2", "test"}};
    const int32_t documents[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3};
    for (int32_t i = 0; i < 12; ++i) {
      CorpusPage page;
      page.document = documents[i];
      page.number = i + 1;
      page.hash = far_hash(i);
      corpus.pages.push_back(page);
    }
    CorpusQuery query;
    query.row.query_id = "q";
    query.folded = "pumpcare";
    query.pages = {2};
    queries.push_back(query);
  }

  std::vector<int32_t> mine(Audit& audit) const {
    FixedRanker ranker(scores);
    Ranker* rankers[] = {&ranker};
    std::vector<int32_t> pages;
    for (const Negative& n : mine_negatives(queries, corpus, headings, rankers, settings, audit)) {
      if (n.query == 0) pages.push_back(n.page);
    }
    return pages;
  }
};

TEST(Negatives, EachRule) {
  struct Case {
    const char* what;
    std::function<void(Scene&)> change;
    std::vector<int32_t> wanted;
  };
  const Case cases[] = {
      {"the score of the answer, and its split", [](Scene&) {}, {3, 4, 5, 6, 7, 8, 9, 10}},
      {"a lower share", [](Scene& s) { s.settings.max_share = 0.7; }, {6, 7, 8, 9, 10}},
      {"an absolute cap", [](Scene& s) { s.settings.max_score = 5.5; }, {8, 9, 10}},
      {"first rank, counted without the answer",
       [](Scene& s) { s.settings.first_rank = 5; },
       {5, 6, 7, 8, 9, 10}},
      {"last rank", [](Scene& s) { s.settings.last_rank = 4; }, {3, 4}},
      {"number", [](Scene& s) { s.settings.per_query = 3; }, {3, 4, 5}},
      {"near by its looks",
       [](Scene& s) {
         s.corpus.pages[4].hash = s.corpus.pages[2].hash;
         s.corpus.pages[4].hash[1] ^= 0xFFFFFF;
       },
       {3, 5, 6, 7, 8, 9, 10}},
      {"25 bits are not near",
       [](Scene& s) {
         s.corpus.pages[4].hash = s.corpus.pages[2].hash;
         s.corpus.pages[4].hash[1] ^= 0x1FFFFFF;
       },
       {3, 4, 5, 6, 7, 8, 9, 10}},
      {"duplicate",
       [](Scene& s) { s.corpus.pages[2].group = s.corpus.pages[9].group = 4; },
       {3, 4, 5, 6, 7, 8, 10}},
      {"duplicates of each other once",
       [](Scene& s) { s.corpus.pages[5].group = s.corpus.pages[9].group = 4; },
       {3, 4, 5, 6, 7, 8, 10}},
      {"boilerplate",
       [](Scene& s) { s.corpus.pages[5].boilerplate = true; },
       {3, 4, 6, 7, 8, 9, 10}},
      {"the same heading",
       [](Scene& s) {
         s.headings.add(2, "maintenance");
         s.headings.add(6, "maintenance");
         s.headings.add(7, "other");
       },
       {3, 4, 5, 7, 8, 9, 10}},
      {"the query is its heading",
       [](Scene& s) { s.headings.add(8, "pumpcare"); },
       {3, 4, 5, 6, 7, 9, 10}},
      {"another document", [](Scene& s) { s.settings.other_document = true; }, {6, 7, 8, 9, 10}},
      {"another family", [](Scene& s) { s.settings.other_family = true; }, {9, 10}},
      {"another answer", [](Scene& s) { s.queries[0].pages = {2, 5}; }, {6, 7, 8, 9, 10}},
      {"an answer of the same words",
       [](Scene& s) {
         s.queries.push_back(s.queries[0]);
         s.queries[1].row.kind = "cross_lingual";
         s.queries[1].pages = {7};
       },
       {3, 4, 5, 6, 8, 9, 10}},
      {"an answer with no score above 0", [](Scene& s) { s.scores[2] = -1; }, {}},
  };
  for (const Case& test : cases) {
    Scene scene;
    test.change(scene);
    Audit audit;
    EXPECT_EQ(scene.mine(audit), test.wanted) << test.what;
    ASSERT_FALSE(audit.rows().empty());
    EXPECT_EQ(audit.rows()[0].reason,
              test.wanted.empty() ? "no hard negatives by fixed" : "hard negatives by fixed");
    EXPECT_EQ(audit.rows()[0].score, static_cast<double>(test.wanted.size()));
    EXPECT_EQ(audit.rows()[0].threshold, scene.settings.per_query);
  }
}

TEST(Negatives, TwoRankersGiveNoPageTwice) {
  const Scene scene;
  FixedRanker first(scene.scores, "bm25");
  FixedRanker second({1, 1, 10, 2, 2, 2, 2, 2, 2, 2, 2, 2}, "judge");
  Ranker* rankers[] = {&first, &second};
  NegativeSettings settings;
  settings.per_query = 3;
  Audit audit;
  std::vector<std::string> found;
  for (const Negative& n :
       mine_negatives(scene.queries, scene.corpus, scene.headings, rankers, settings, audit)) {
    found.push_back(fmt::format("{} {} {} {}", rankers[n.miner]->name(), n.page, n.rank, n.score));
  }
  EXPECT_EQ(found, (std::vector<std::string>{"bm25 3 3 9.4", "bm25 4 4 9", "bm25 5 5 8",
                                             "judge 0 1 1", "judge 1 2 1", "judge 6 6 2"}));
  EXPECT_EQ(audit.rows().size(), 2u);
}

TEST(Negatives, SettingsThatCannotBeMeantAreRefused) {
  const std::function<void(NegativeSettings&)> spoils[] = {
      [](NegativeSettings& s) { s.first_rank = 0; },
      [](NegativeSettings& s) { s.last_rank = 0; },
      [](NegativeSettings& s) { s.max_score = std::numeric_limits<double>::infinity(); },
      [](NegativeSettings& s) { s.max_share = 0; },
      [](NegativeSettings& s) { s.max_share = 1.1; },
      [](NegativeSettings& s) { s.max_share = std::numeric_limits<double>::quiet_NaN(); }};
  for (const auto& spoil : spoils) {
    Scene scene;
    spoil(scene.settings);
    Audit audit;
    try {
      scene.mine(audit);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage) << error.what();
    }
  }
}

}  // namespace
}  // namespace recto
