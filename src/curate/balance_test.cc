#include "curate/balance.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <set>

#include "base/error.h"

namespace recto {
namespace {

TEST(Balance, SharesOfTheTarget) {
  struct Case {
    std::vector<int64_t> counts;
    int64_t target;
    double temperature;
    std::vector<int64_t> kept;
  };
  const Case cases[] = {
      {{80, 15, 5}, 200, 1, {80, 15, 5}},
      {{80, 15, 5}, 100, 5, {80, 15, 5}},
      {{80, 15, 5}, 20, 1, {16, 3, 1}},
      {{90, 10}, 40, 2, {30, 10}},                 // square roots: 3 to 1
      {{100, 4, 1}, 13, 2, {10, 2, 1}},            // 10 : 2 : 1
      {{1000, 1000, 3}, 303, 1e9, {150, 150, 3}},  // nearly equal: the small one is full
      {{3, 3, 3}, 4, 1, {2, 1, 1}},                // equal remainders: the first
      {{5, 5}, 0, 1, {0, 0}},
      {{}, 5, 1, {}},
      {{0, 4}, 2, 2, {0, 2}},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(share_out(test.counts, test.target, test.temperature), test.kept)
        << test.target << " at " << test.temperature;
  }
  for (int64_t target = 0; target <= 120; ++target) {
    const std::vector<int64_t> counts = {1, 2, 3, 4, 50, 60};
    const auto kept = share_out(counts, target, 3);
    EXPECT_EQ(std::accumulate(kept.begin(), kept.end(), int64_t{0}), target);
    for (size_t i = 0; i < counts.size(); ++i) EXPECT_LE(kept[i], counts[i]);
  }
}

/// Three documents of two sources; a hundred queries: 60 English headings of the first document, 20
/// English captions of the second, which has the same source, 20 German headings of the third.
struct Scene {
  Corpus corpus;
  std::vector<CorpusQuery> queries;

  Scene() {
    corpus.documents = {
        {"d0", "f0", "train", "s0"}, {"d1", "f1", "train", "s0"}, {"d2", "f2", "train", "s1"}};
    corpus.pages.resize(3);
    corpus.pages[1].document = 1;
    corpus.pages[2].document = 2;
    for (int i = 0; i < 100; ++i) {
      CorpusQuery query;
      query.row.query_id = fmt::format("q{}", i);
      query.row.language = i < 80 ? "en" : "de";
      query.row.kind = i >= 60 && i < 80 ? "caption" : "heading";
      query.pages = {i < 60 ? 0 : i < 80 ? 1 : 2};
      queries.push_back(std::move(query));
    }
  }

  std::set<std::string> ids() const {
    std::set<std::string> out;
    for (const CorpusQuery& query : queries) out.insert(query.row.query_id);
    return out;
  }
};

TEST(Balance, CapsAndTargets) {
  struct Case {
    const char* what;
    BalanceSettings settings;
    int english_headings, captions, german;
  };
  const Case cases[] = {
      {"nothing asked", {}, 60, 20, 20},
      {"kind", {.max_per_kind = 80}, 60, 20, 20},
      {"document", {.max_per_document = 60}, 60, 20, 20},
      {"source", {.max_per_source = 80}, 60, 20, 20},
      {"target", {.target = 50}, 30, 10, 10},
      {"temperature", {.target = 60, .temperature = 1e9}, 20, 20, 20},
  };
  for (const Case& test : cases) {
    Scene scene;
    Audit audit;
    const BalanceReport report = balance(scene.queries, scene.corpus, test.settings, audit);
    int counts[3] = {};
    for (const CorpusQuery& query : scene.queries) {
      ++counts[query.row.language == "de" ? 2 : query.row.kind == "caption" ? 1 : 0];
    }
    EXPECT_EQ(counts[0], test.english_headings) << test.what;
    EXPECT_EQ(counts[1], test.captions) << test.what;
    EXPECT_EQ(counts[2], test.german) << test.what;
    EXPECT_EQ(report.kept, std::ssize(scene.queries));
  }
}

TEST(Balance, CapsHoldAndAreCounted) {
  Scene scene;
  Audit audit;
  const BalanceReport report = balance(scene.queries, scene.corpus,
                                       {.max_per_language = 50,
                                        .max_per_source = 40,
                                        .max_per_document = 25,
                                        .max_per_kind = 30,
                                        .seed = 3},
                                       audit);
  std::map<std::string, int> counts;
  for (const CorpusQuery& query : scene.queries) {
    ++counts[query.row.language];
    ++counts[query.row.kind];
    ++counts[fmt::format("d{}", query.pages[0])];
    ++counts[scene.corpus.document_of(query.pages[0]).source];
  }
  EXPECT_LE(counts["en"], 50);
  EXPECT_LE(counts["d0"], 25);
  EXPECT_EQ(counts["s0"], 40) << "caps are filled";
  EXPECT_LE(counts["heading"], 30);
  int64_t dropped = 0;
  for (const auto& [reason, count] : report.dropped) dropped += count;
  EXPECT_EQ(dropped + report.kept, 100);
  EXPECT_EQ(audit.rows().size(), 100u);
  EXPECT_EQ(dropped, std::count_if(audit.rows().begin(), audit.rows().end(), [](const auto& row) {
              return row.decision == "dropped" && row.stage == "balance";
            }));
}

TEST(Balance, SourcesAreEvenedOutOrDocumentsWhereThatIsAsked) {
  // All of one language and kind: of 30 two sources get 15 each, three documents 10.
  for (const auto& [by, of_last_document] :
       {std::pair{BalanceBy::kSource, 15}, std::pair{BalanceBy::kDocument, 10}}) {
    Scene scene;
    for (CorpusQuery& query : scene.queries) {
      query.row.language = "en";
      query.row.kind = "heading";
    }
    Audit audit;
    balance(scene.queries, scene.corpus, {.by = by, .target = 30, .temperature = 1e9}, audit);
    EXPECT_EQ(scene.queries.size(), 30u);
    EXPECT_EQ(std::count_if(scene.queries.begin(), scene.queries.end(),
                            [](const CorpusQuery& query) { return query.pages[0] == 2; }),
              of_last_document);
  }
  EXPECT_EQ(parse_balance_by("document"), BalanceBy::kDocument);
  EXPECT_THROW(parse_balance_by("page"), Error);
}

TEST(Balance, DependsOnSeedAndIdsNotOnTheOrder) {
  const BalanceSettings settings = {.max_per_language = 30, .target = 40, .seed = 5};
  Scene scene;
  Scene reversed;
  Scene other;
  std::reverse(reversed.queries.begin(), reversed.queries.end());
  Audit audit;
  balance(scene.queries, scene.corpus, settings, audit);
  balance(reversed.queries, reversed.corpus, settings, audit);
  EXPECT_EQ(scene.ids(), reversed.ids());
  balance(other.queries, other.corpus, {.max_per_language = 30, .target = 40, .seed = 6}, audit);
  EXPECT_NE(scene.ids(), other.ids());
}

TEST(Balance, SettingsThatCannotBeMeantAreRefused) {
  for (const BalanceSettings& settings : {
           BalanceSettings{.max_per_language = -1},
           BalanceSettings{.max_per_source = -1},
           BalanceSettings{.max_per_document = -1},
           BalanceSettings{.max_per_kind = -1},
           BalanceSettings{.target = -1},
           BalanceSettings{.target = 5, .temperature = 0.5},
           BalanceSettings{.target = 5, .temperature = std::numeric_limits<double>::quiet_NaN()},
           BalanceSettings{.temperature = 2},
       }) {
    Scene scene;
    Audit audit;
    EXPECT_THROW(balance(scene.queries, scene.corpus, settings, audit), Error);
  }
}

}  // namespace
}  // namespace recto
