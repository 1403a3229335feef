#include "curate/word_grams.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/random.h"

namespace recto {
namespace {

TEST(WordGrams, CountsWords) {
  const std::pair<const char*, int> cases[] = {
      {"", 0},
      {"  \n ", 0},
      {"...!", 0},
      {"one", 1},
      {"One, two\nthree-four", 4},
      {"x86_64 3.1", 4},
      {"L’été dernier", 3},
      {"Größe über naïve", 3},
      {"Привет, мир!", 2},
      {"Καλημέρα κόσμε", 2},
      {"“quoted” — and… more", 3},
      {"数据库管理系统", 7},
      {"データ、処理。", 5},
      {"Debian 参考手册 v2", 6},
      {"ภาษา", 4},
      {"한국어 문서", 2},
      {"\xff\xfe broken", 1},
      {"\uFFFD\uFFFD \uE000", 0},
  };
  for (const auto& [text, words] : cases) EXPECT_EQ(count_words(text), words) << text;
}

TEST(WordGrams, CaseAndWhatStandsBetweenDoNotCount) {
  EXPECT_EQ(word_grams("The quick brown fox"), word_grams("the QUICK,\n brown -- fox."));
  EXPECT_NE(word_grams("the quick brown fox"), word_grams("the brown quick fox"));
  EXPECT_NE(word_grams("ab c d"), word_grams("a bc d"));
  EXPECT_NE(word_grams("a b"), word_grams("b a"));
}

TEST(WordGrams, AreAscendingAndDistinct) {
  const auto grams = word_grams("a b c a b c a b c d");
  EXPECT_EQ(grams.size(), 4u);  // abc, bca, cab, bcd
  EXPECT_TRUE(std::is_sorted(grams.begin(), grams.end()));
  EXPECT_EQ(word_grams("one two").size(), 1u);
  EXPECT_TRUE(word_grams("").empty());
}

TEST(WordGrams, JaccardOfKnownSets) {
  using Set = std::vector<uint64_t>;
  const struct {
    Set a, b;
    double wanted;
  } cases[] = {
      {{}, {}, 0},
      {{1}, {}, 0},
      {{1, 2, 3}, {1, 2, 3}, 1},
      {{1, 2}, {3, 4}, 0},
      {{1, 2, 3}, {2, 3, 4}, 0.5},
      {{1, 2, 3, 4}, {1, 2, 3, 4, 5}, 0.8},
  };
  for (const auto& item : cases) {
    EXPECT_DOUBLE_EQ(jaccard(item.a, item.b), item.wanted);
    EXPECT_DOUBLE_EQ(jaccard(item.b, item.a), item.wanted);
  }
}

TEST(WordGrams, TheSketchNeverDeniesWhatIsReached) {
  Random random(3);
  int denied = 0;
  for (int i = 0; i < 3000; ++i) {
    std::set<uint64_t> a;
    std::set<uint64_t> b;
    const uint64_t size = 1 + random.below(1500);
    const uint64_t apart = random.below(60);
    for (uint64_t k = 0; k < size; ++k) {
      const uint64_t gram = random.next();
      if (random.below(100) >= apart) a.insert(gram);
      if (random.below(100) >= apart) b.insert(gram);
    }
    const std::vector<uint64_t> sorted_a(a.begin(), a.end());
    const std::vector<uint64_t> sorted_b(b.begin(), b.end());
    const double shared = jaccard(sorted_a, sorted_b);
    const bool may = may_reach(0.8, sketch_of(sorted_a), a.size(), sketch_of(sorted_b), b.size());
    EXPECT_TRUE(may || shared < 0.8) << "Jaccard " << shared;
    denied += may ? 0 : 1;
  }
  EXPECT_GT(denied, 1000);
}

}  // namespace
}  // namespace recto
