#include "curate/query_merge.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "base/sha256.h"
#include "curate/test_candidate.h"

namespace recto {
namespace {

constexpr int kPagesEach = 12;

/// Documents d0 (family f1), d1 (f1), d2 (f2), d3 (f3), of twelve pages each; d1 is German but
/// for its fifth page.
Corpus small_corpus() {
  Corpus corpus;
  const std::pair<const char*, const char*> families[] = {
      {"f1", "train"}, {"f1", "train"}, {"f2", "test"}, {"f3", "train"}};
  for (int32_t d = 0; d < 4; ++d) {
    corpus.documents.push_back({fmt::format("d{}", d), families[d].first, families[d].second});
    for (int n = 1; n <= kPagesEach; ++n) {
      CorpusPage page;
      page.document = d;
      page.number = n;
      page.language = std::string(d == 1 && n != 5 ? "de" : "en");
      corpus.pages.push_back(std::move(page));
    }
  }
  return corpus;
}

struct Input {
  int32_t document;
  Candidate candidate;
};

struct Result {
  std::map<std::string, std::vector<std::string>> answers;  ///< page ids by kind and query
  std::map<std::string, int> reasons;
  std::vector<CorpusQuery> queries;
};

Result merge(const Corpus& corpus, const std::vector<Input>& inputs) {
  QueryMerger merger(corpus, {3, 3});
  for (const Input& input : inputs) EXPECT_TRUE(merger.add(input.document, input.candidate));
  Audit audit;
  Result result;
  result.queries = merger.finish(audit);
  for (const CorpusQuery& query : result.queries) {
    auto& pages = result.answers[query.row.kind + ": " + query.row.query];
    for (const int32_t page : query.pages) pages.push_back(corpus.page_id(page));
  }
  for (const AuditRow& row : audit.rows()) {
    EXPECT_EQ(row.stage, "query");
    ++result.reasons[row.decision + " " + row.reason];
  }
  return result;
}

using Answers = std::map<std::string, std::vector<std::string>>;

TEST(QueryMerge, SameWordsAreOneQuery) {
  const Result result = merge(small_corpus(), {{0, candidate("What is it?", 1, "question")},
                                               {0, candidate("Getting Started", 2)},
                                               {0, candidate("Only here", 3)},
                                               {0, candidate("Twice in one", 6)},
                                               {0, candidate("twice in one", 4)},
                                               {0, candidate("Twice in one", 6, "caption")},
                                               {0, candidate("Options of it", 1)},
                                               {0, candidate("Options of it", 2)},
                                               {0, candidate("Options of it", 3)},
                                               {0, candidate("options of it", 4)},
                                               {1, candidate("WHAT IS IT", 5)},
                                               {1, candidate("Getting started", 1)},
                                               {0, candidate("Grid point engraver", 8)},
                                               {1, candidate("Grid point engraver", 8)},
                                               {2, candidate("Getting started", 9)},
                                               {2, candidate("In two families", 1)},
                                               {3, candidate("getting  started!", 2)},
                                               {3, candidate("In two families", 4)}});
  EXPECT_EQ(result.answers, (Answers{{"question: What is it?", {"d0-1", "d1-5"}},
                                     {"heading: Only here", {"d0-3"}},
                                     {"heading: Twice in one", {"d0-4", "d0-6"}},
                                     {"heading: Grid point engraver", {"d0-8", "d1-8"}}}));
  EXPECT_EQ(result.reasons,
            (std::map<std::string, int>{{"dropped ambiguous: words of many pages", 1},
                                        {"dropped ambiguous: words of several families", 1},
                                        {"dropped generic: words of many families", 1},
                                        {"kept on one page", 1},
                                        {"kept on several pages, all of them answers", 3}}));
  EXPECT_EQ(result.queries[1].row.query_id, "q-" + sha256_hex("onlyhere").substr(0, 16));
  EXPECT_EQ(result.queries[1].folded, "onlyhere");
  EXPECT_EQ(result.queries[1].row.language, "en") << "the page's, when the candidate has none";
  EXPECT_EQ(result.queries[3].row.query, "Grid point engraver");
  EXPECT_EQ(result.queries[3].row.language, "") << "English and German pages";
  EXPECT_EQ(result.queries[0].row.language, "en");
  EXPECT_EQ(result.queries[1].row.method, "outline");
  EXPECT_EQ(result.queries[1].row.generator_version, "2");
}

TEST(QueryMerge, DuplicatesOfAnAnswerAreAnswers) {
  Corpus corpus = small_corpus();
  for (const int page : {1, 2, 3, 4}) corpus.pages[page - 1].group = 7;  // d0-1 to d0-4
  corpus.pages[kPagesEach].group = 7;                                    // d1-1
  corpus.pages[8].group = 8;                                             // d0-9
  corpus.pages[2 * kPagesEach].group = 8;                                // d2-1, another family
  const Result result = merge(corpus, {{0, candidate("Printed in each edition", 1)},
                                       {0, candidate("Printed in each edition", 2)},
                                       {0, candidate("Printed in each edition", 3)},
                                       {0, candidate("Printed in each edition", 4)},
                                       {0, candidate("Licence of the work", 9)}});
  EXPECT_EQ(
      result.answers,
      (Answers{{"heading: Printed in each edition", {"d0-1", "d0-2", "d0-3", "d0-4", "d1-1"}}}))
      << "four pages that show the same count as one";
  EXPECT_EQ(result.reasons.at("dropped ambiguous: its page stands in several families"), 1);
}

TEST(QueryMerge, DuplicatesInADocumentOfAnotherLanguageAreNoAnswers) {
  Corpus corpus = small_corpus();
  for (const int page : {1, 2}) {
    corpus.pages[page - 1].group = 6 + page;               // d0-1, d0-2
    corpus.pages[kPagesEach + page - 1].group = 6 + page;  // d1-1, d1-2: music with a few words
  }
  corpus.documents[0].language = "fr";
  corpus.documents[1].language = "es";
  const Result result = merge(corpus, {{0, candidate("Exemple pour tam-tam", 1)},
                                       {0, candidate("Left as it was", 2)},
                                       {1, candidate("Left as it was", 2)}});
  EXPECT_EQ(result.answers, (Answers{{"heading: Exemple pour tam-tam", {"d0-1"}},
                                     {"heading: Left as it was", {"d0-2", "d1-2"}}}));
}

TEST(QueryMerge, DuplicatesOutsideOfTheNamedHeadingAreNoAnswers) {
  Corpus corpus = small_corpus();
  for (const int page : {2, 5, 9}) corpus.pages[page - 1].group = 7;  // exercise, overlay, solution
  corpus.pages[kPagesEach + 1].group = 7;                             // d1-2, another edition
  Candidate exercise = candidate("Exercises: Packaging a gem", 2);
  exercise.within = {1, 6};
  Candidate solution = candidate("Solutions: Packaging a gem", 9);
  solution.within = {7, 12};
  const Result result =
      merge(corpus, {{0, exercise}, {0, solution}, {0, candidate("Packaging a gem", 9)}});
  EXPECT_EQ(result.answers,
            (Answers{{"heading: Exercises: Packaging a gem", {"d0-2", "d0-5", "d1-2"}},
                     {"heading: Packaging a gem", {"d0-2", "d0-5", "d0-9", "d1-2"}}}));
  EXPECT_EQ(result.reasons.at("dropped repeats an earlier page under another heading"), 1);
}

Candidate crossing(const std::string& query, const std::string& language, int page) {
  Candidate out = candidate(query, page, "cross_lingual");
  out.language = language;
  return out;
}

TEST(QueryMerge, CrossLingualQueriesAreTheirOwn) {
  const Result result = merge(small_corpus(), {{0, candidate("Security updates", 4)},
                                               {1, crossing("Security updates", "en", 4)},
                                               {1, candidate("Sicherheit im Netz", 7)},
                                               {0, crossing("Sicherheit im Netz", "de", 7)},
                                               {0, crossing("Sicherheit im Netz", "de", 8)}});
  EXPECT_EQ(result.answers, (Answers{{"heading: Security updates", {"d0-4"}},
                                     {"cross_lingual: Security updates", {"d1-4"}},
                                     {"heading: Sicherheit im Netz", {"d1-7"}},
                                     {"cross_lingual: Sicherheit im Netz", {"d0-7", "d0-8"}}}));
  std::map<std::string, int> ids;
  for (const CorpusQuery& query : result.queries) ++ids[query.row.query_id];
  EXPECT_EQ(ids.size(), 4u);
  EXPECT_EQ(result.queries[1].row.query_id, query_id("securityupdates", "cross_lingual"));
  EXPECT_EQ(result.queries[1].row.language, "en");
}

TEST(QueryMerge, OneCrossLingualQueryHasItsAnswersInAllLanguages) {
  // French asks for pages in English, German, Italian; each language may have as many pages as a
  // query of its own.
  Corpus corpus = small_corpus();
  for (int page = 9; page < kPagesEach; ++page) corpus.pages[page].language = "it";  // d0-10...
  const Result result = merge(corpus, {{0, crossing("Mises à jour de sécurité", "fr", 4)},
                                       {1, crossing("Mises à jour de sécurité", "fr", 3)},
                                       {1, crossing("mises à jour de sécurité", "fr", 4)},
                                       {0, crossing("Mises à jour de sécurité", "fr", 10)},
                                       {0, crossing("Réseau local", "fr", 1)},
                                       {0, crossing("Réseau local", "fr", 2)},
                                       {0, crossing("Réseau local", "fr", 3)},
                                       {0, crossing("Réseau local", "fr", 4)},
                                       {1, crossing("Réseau local", "fr", 1)}});
  EXPECT_EQ(
      result.answers,
      (Answers{{"cross_lingual: Mises à jour de sécurité", {"d0-4", "d0-10", "d1-3", "d1-4"}}}));
  EXPECT_EQ(result.queries[0].row.language, "fr") << "the one it is asked in";
  EXPECT_EQ(result.reasons.at("dropped ambiguous: words of many pages"), 1) << "four in English";
}

TEST(QueryMerge, WordsOfOtherKindsCountForGenericOnes) {
  const Result result = merge(small_corpus(), {{0, candidate("Network settings", 1)},
                                               {2, candidate("Network settings", 1, "caption")}});
  EXPECT_TRUE(result.answers.empty());
}

TEST(QueryMerge, WhatCannotBeAddedIsSaid) {
  const Corpus corpus = small_corpus();
  QueryMerger merger(corpus, {3, 3});
  EXPECT_FALSE(merger.add(0, candidate("A page that is not there", 40)));
  EXPECT_FALSE(merger.add(0, candidate("???", 1)));
  Audit audit;
  EXPECT_TRUE(merger.finish(audit).empty());
}

TEST(Corpus, PagesAreFound) {
  const Corpus corpus = small_corpus();
  EXPECT_EQ(corpus.find_page(0, 1), 0);
  EXPECT_EQ(corpus.find_page(2, 12), 3 * kPagesEach - 1);
  EXPECT_EQ(corpus.find_page(2, 13), -1);
  EXPECT_EQ(corpus.find_page(4, 1), -1);
  EXPECT_EQ(corpus.page_id(kPagesEach), "d1-1");
}

}  // namespace
}  // namespace recto
