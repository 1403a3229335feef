#include "search/lexical_index.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "base/file.h"
#include "base/random.h"
#include "search/bm25.h"
#include "search/lexical_words.h"

namespace recto {
namespace {

TEST(LexicalWords, RunsWithoutSpacesAsPairs) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"Hello, World 42", {"hello", "world", "42"}},
      {"Ärger café", {"arger", "cafe"}},
      {"東京都庁", {"東京", "京都", "都庁"}},
      {"水", {"水"}},
      {"OS入門2版 ガイド", {"os", "入門", "2", "版", "ガイ", "イド"}},
      {"한국어", {"한국", "국어"}},
      {"", {}},
      {"--- 。、", {}},
  };
  WordTokenizer tokenizer;
  for (const auto& [text, words] : cases) {
    EXPECT_EQ(lexical_words(tokenizer, text), words) << text;
  }
  int taken = 0;
  for_each_lexical_word(tokenizer, "東京都庁 and more",
                        [&](std::string_view) { return ++taken < 2; });
  EXPECT_EQ(taken, 2) << "it stops when told";
}

/// Texts of random words, the frequent ones more often, some empty.
std::vector<std::string> random_texts(size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<std::string> texts(count);
  for (std::string& text : texts) {
    for (uint64_t n = random.below(60); n > 0; --n) {
      text += fmt::format("w{} ", random.below(1 + random.below(200)));
    }
  }
  return texts;
}

TEST(LexicalIndex, ScoresAsBm25IndexWhateverTheMemory) {
  const std::vector<std::string> texts = random_texts(300, 1);
  std::vector<std::string> ids;
  for (size_t i = 0; i < texts.size(); ++i) ids.push_back(std::to_string(i));
  Bm25Index reference;
  reference.add(ids, texts);
  for (const int64_t memory : {int64_t{1}, int64_t{20'000}, LexicalIndex::kDefaultMemoryBytes}) {
    TemporaryDirectory directory;
    LexicalIndex index(directory.path() / "index", memory);
    for (const std::string& text : texts) index.add(text);
    index.finish();
    ASSERT_EQ(index.size(), 300);
    LexicalSearcher searcher(index);
    for (const std::string query : {"w1", "w0 w3 W3 w150", "w2 w4 w6 absent w8", "absent", ""}) {
      searcher.score(query);
      std::map<int32_t, double> wanted;
      for (const ScoredId& hit : reference.search(query, 300)) {
        wanted[std::stoi(hit.id)] = hit.score;
      }
      const auto hits = searcher.best(300);
      ASSERT_EQ(hits.size(), wanted.size()) << query;
      for (size_t i = 0; i < hits.size(); ++i) {
        EXPECT_NEAR(hits[i].score, wanted.at(hits[i].text), 1e-9 * hits[i].score) << query;
        EXPECT_EQ(searcher.score_of(hits[i].text), hits[i].score);
        const int32_t text[] = {hits[i].text};
        EXPECT_EQ(searcher.best_rank(text), static_cast<int64_t>(i + 1));
        if (i == 0) continue;
        EXPECT_TRUE(hits[i - 1].score > hits[i].score ||
                    (hits[i - 1].score == hits[i].score && hits[i - 1].text < hits[i].text));
      }
    }
  }
}

TEST(LexicalIndex, ChineseAndJapaneseAreFoundByParts) {
  TemporaryDirectory directory;
  LexicalIndex index(directory.path() / "index");
  for (const char* text : {"東京都庁の展望室は無料です。", "大阪城の歴史と建築について",
                           "安装指南：如何配置网络", "Installation guide: configure the network"}) {
    index.add(text);
  }
  index.finish();
  LexicalSearcher searcher(index);
  const std::vector<std::pair<const char*, int32_t>> cases = {
      {"展望室", 0}, {"大阪城", 1}, {"城の歴史", 1}, {"配置网络", 2}, {"configure network", 3}};
  for (const auto& [query, text] : cases) {
    searcher.score(query);
    ASSERT_FALSE(searcher.best(1).empty()) << query;
    EXPECT_EQ(searcher.best(1)[0].text, text) << query;
  }
}

TEST(LexicalIndex, RanksAndFilters) {
  TemporaryDirectory directory;
  LexicalIndex index(directory.path() / "index");
  for (const char* text : {"oil", "oil oil pump", "pump", "", "oil pump valve"}) index.add(text);
  index.finish();
  EXPECT_EQ(index.length(3), 0u);
  LexicalSearcher searcher(index);
  searcher.score("valve pump");
  const auto all = searcher.best(10);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].text, 4);
  const std::vector<uint8_t> allowed = {1, 1, 1, 1, 0};
  EXPECT_EQ(searcher.best(1, allowed)[0], all[1]);
  const int32_t both[] = {all[2].text, all[1].text};
  EXPECT_EQ(searcher.best_rank(both), 2);
  const int32_t without[] = {0, 3};
  EXPECT_EQ(searcher.best_rank(without), 0);
  EXPECT_TRUE(searcher.best(0).empty());
}

TEST(LexicalIndex, NoTexts) {
  TemporaryDirectory directory;
  LexicalIndex index(directory.path() / "index");
  index.finish();
  LexicalSearcher searcher(index);
  searcher.score("anything");
  EXPECT_TRUE(searcher.best(5).empty());
}

}  // namespace
}  // namespace recto
