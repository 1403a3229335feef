#include "curate/uncleaned_queries.h"

#include <gtest/gtest.h>

#include <set>

#include "curate/test_candidate.h"

namespace recto {
namespace {

/// Documents a (train), b (train), c (test) of two pages each.
Corpus small_corpus() {
  Corpus corpus;
  for (const auto& [id, split] : {std::pair{"a", "train"}, {"b", "train"}, {"c", "test"}}) {
    const auto document = static_cast<int32_t>(corpus.documents.size());
    corpus.documents.push_back({id, std::string("family-") + id, split, "", "en"});
    for (int number = 1; number <= 2; ++number) {
      CorpusPage page;
      page.document = document;
      page.number = number;
      page.language = "en";
      corpus.pages.push_back(std::move(page));
    }
  }
  return corpus;
}

TEST(UncleanedQueries, EachCandidateIsAQueryOfItsPage) {
  const Corpus corpus = small_corpus();
  UncleanedQueries queries(corpus);
  EXPECT_TRUE(queries.add(0, candidate("Introduction", 1)));
  EXPECT_TRUE(queries.add(0, candidate("introduction", 2)));
  EXPECT_TRUE(queries.add(1, candidate("Introduction", 1)));
  EXPECT_TRUE(queries.add(1, candidate("Introduction", 1, "cross_lingual")));
  Audit audit;
  const auto found = queries.finish(audit);
  ASSERT_EQ(found.size(), 4u);
  std::set<std::string> ids;
  for (const CorpusQuery& query : found) {
    ids.insert(query.row.query_id);
    EXPECT_EQ(query.pages.size(), 1u);
    EXPECT_EQ(query.folded, "introduction");
    EXPECT_EQ(query.row.language, "en");
  }
  EXPECT_EQ(ids.size(), 4u);
  EXPECT_EQ(found[1].row.query, "introduction") << "as it was proposed";
  EXPECT_EQ(audit.rows().size(), 4u);
}

TEST(UncleanedQueries, WhatTheFormatDoesNotHoldIsLeftOut) {
  const Corpus corpus = small_corpus();
  UncleanedQueries queries(corpus);
  EXPECT_TRUE(queries.add(0, candidate("Oil pressure", 1)));
  EXPECT_FALSE(queries.add(0, candidate("oil  PRESSURE", 1, "question"))) << "twice for the page";
  EXPECT_FALSE(queries.add(0, candidate("...", 1))) << "no words";
  EXPECT_FALSE(queries.add(0, candidate("Oil pressure", 3))) << "no such page";
  Audit audit;
  EXPECT_EQ(queries.finish(audit).size(), 1u);
}

TEST(UncleanedQueries, NoWordsAreInTwoSplits) {
  const Corpus corpus = small_corpus();
  UncleanedQueries queries(corpus);
  queries.add(2, candidate("Introduction", 1));
  queries.add(2, candidate("Of the test alone", 2));
  queries.add(0, candidate("Introduction", 2));
  Audit audit;
  const auto found = queries.finish(audit);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].row.query, "Of the test alone");
  EXPECT_EQ(corpus.page_id(found[1].pages[0]), "a-2") << "training is what is compared";
  EXPECT_EQ(audit.rows()[0].reason, "words of another split");
}

}  // namespace
}  // namespace recto
