#include "search/bm25.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "base/error.h"
#include "base/file.h"

namespace recto {
namespace {
using ::testing::ElementsAre;

std::vector<std::string> ids_of(const std::vector<ScoredId>& hits) {
  std::vector<std::string> ids;
  for (const ScoredId& hit : hits) ids.push_back(hit.id);
  return ids;
}

/// The formula of bm25.h, from scratch.
double formula(const Bm25Index& index, const std::vector<std::vector<std::string>>& documents,
               const std::string& query, size_t d) {
  double total = 0;
  for (const auto& words : documents) total += static_cast<double>(words.size());
  const double mean = total / static_cast<double>(documents.size());
  double score = 0;
  for (const std::string& token : index.tokens(query)) {
    double n = 0;
    for (const auto& words : documents) n += std::count(words.begin(), words.end(), token) > 0;
    const double f =
        static_cast<double>(std::count(documents[d].begin(), documents[d].end(), token));
    const double idf =
        std::max(std::log((static_cast<double>(documents.size()) - n + 0.5) / (n + 0.5)), 1e-6);
    score +=
        idf * f * (Bm25Index::kK1 + 1) /
        (f + Bm25Index::kK1 * (1 - Bm25Index::kB +
                               Bm25Index::kB * static_cast<double>(documents[d].size()) / mean));
  }
  return score;
}

TEST(Bm25, ScoresAreThoseOfTheFormula) {
  const std::vector<std::vector<std::string>> documents = {
      {"the", "cat", "sat", "on", "the", "mat"},
      {"dogs", "and", "cat", "cat", "cat"},
      {"a", "long", "text", "about", "nothing", "at", "all", "but", "one", "mat"},
      {"the", "dog"},
      {"the", "end"}};
  std::vector<std::string> ids;
  std::vector<std::string> texts;
  for (size_t i = 0; i < documents.size(); ++i) {
    ids.push_back("d" + std::to_string(i));
    texts.emplace_back();
    for (const auto& word : documents[i]) texts.back() += word + " ";
  }
  Bm25Index index;
  index.add(ids, texts);
  for (const char* query : {"cat", "the cat", "mat nothing dogs", "cat cat the", "end of the"}) {
    const auto hits = index.search(query, 10);
    EXPECT_FALSE(hits.empty());
    for (const ScoredId& hit : hits) {
      const size_t d = static_cast<size_t>(hit.id[1] - '0');
      EXPECT_NEAR(hit.score, formula(index, documents, query, d), 1e-9) << query << " " << hit.id;
    }
  }
}

TEST(Bm25, EveryCharacterOfAQueryIsText) {
  Bm25Index index;
  index.add({"a", "b", "c"}, {"foo bar", "NOT near and or", "énergie Straße"});
  const std::map<std::string, std::vector<std::string>> cases = {
      {"foo AND NOT bar", {"b", "a"}},
      {"\"foo", {"a"}},
      {"foo*", {"a"}},
      {"body:foo ^bar -x", {"a"}},
      {"NEAR(foo bar, 2)", {"a", "b"}},
      {"ENERGIE", {"c"}},
      {"{[(\\", {}},
      {"", {}},
      {std::string("foo\0bar", 7), {"a"}},
      {"\xFF\xFE foo", {"a"}},
  };
  for (const auto& [query, wanted] : cases) {
    SCOPED_TRACE(query);
    auto found = ids_of(index.search(query, 10));
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()),
              std::set<std::string>(wanted.begin(), wanted.end()));
  }
}

TEST(Bm25, TiesAreByIdDescendingAndKIsKept) {
  Bm25Index index;
  index.add({"b", "a", "é", "c", "z"}, {"same", "same", "same", "same", "other"});
  EXPECT_THAT(ids_of(index.search("same", 10)), ElementsAre("é", "c", "b", "a"));
  EXPECT_THAT(ids_of(index.search("same", 2)), ElementsAre("é", "c"));
  EXPECT_TRUE(index.search("same", 0).empty());
}

TEST(Bm25, AnEndlessQueryIsCutNotRefused) {
  Bm25Index index;
  index.add({"a"}, {"needle"});
  std::string query = "needle";
  for (int i = 0; i < 100'000; ++i) query += " word" + std::to_string(i);
  EXPECT_THAT(ids_of(index.search(query, 5)), ElementsAre("a"));
}

TEST(Bm25, OnDiskIsThereAfterReopening) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "texts.sqlite";
  {
    Bm25Index(path).add({"a", "b"}, {"one two", "two three"});
  }
  const Bm25Index index(path);
  EXPECT_EQ(index.size(), 2);
  EXPECT_THAT(ids_of(index.search("three", 5)), ElementsAre("b"));
}

TEST(Bm25, FilesThatAreNoDatabase) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "text.sqlite", std::string(5000, 'x'));
  for (const auto& [path, code] : std::map<std::filesystem::path, ErrorCode>{
           {directory.path() / "text.sqlite", ErrorCode::kBadInput},
           {directory.path() / "no/such/place.sqlite", ErrorCode::kIo}}) {
    try {
      Bm25Index index(path);
      ADD_FAILURE() << "no error for " << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(error.what(), ::testing::HasSubstr(path.string()));
    }
  }
}

}  // namespace
}  // namespace recto
