#include "model/bpe_learner.h"

#include <gmock/gmock.h>

#include "model/document_texts.h"
#include "model/tokenizer.h"
#include "support/errors.h"

namespace recto {
namespace {

using testing::ElementsAre;

constexpr int kLeast = 3 + 256 + 40;

Tokenizer learned(const BpeLearner& learner, int size) {
  return Tokenizer::parse(dump_json(learner.tokenizer(size)), "learned");
}

TEST(BpeLearner, JoinsTheMostFrequentNeighboursFirst) {
  BpeLearner learner;
  for (int i = 0; i < 5; ++i) learner.add("abc abc xbc");
  const Tokenizer tokenizer = learned(learner, kLeast + 2);
  // "bc" stands 15 times, and then "abc" 10 times.
  EXPECT_THAT(tokenizer.encode("bc"), ElementsAre(259));
  EXPECT_THAT(tokenizer.encode("abc"), ElementsAre(260));
  EXPECT_THAT(tokenizer.encode("xbc"), ElementsAre(3 + 'x', 259));
}

TEST(BpeLearner, EveryTextComesBackInLowerCase) {
  BpeLearner learner;
  learner.add("Handbücher und Bücher. Bücher!");
  const Tokenizer tokenizer = learned(learner, kLeast + 6);
  struct Case {
    const char* text;
    const char* back;
  };
  const Case cases[] = {
      {"Bücher", "bücher"},
      {"ÉTÉ 2024", "été 2024"},
      {"\uFB01ne \u201Cit\u2019s\u201D\u00A0x\u00ADy\u2026", "fine \"it's\" xy..."},
      {"日本語", "日本語"}};
  for (const Case& c : cases) EXPECT_EQ(tokenizer.decode(tokenizer.encode(c.text)), c.back);
  EXPECT_LT(tokenizer.encode("bücher").size(), 4U);
}

TEST(BpeLearner, HasTheTokensOfSmolVlmAtTheEnd) {
  BpeLearner learner;
  learner.add("aaaa aaaa");
  const Tokenizer tokenizer = learned(learner, kLeast + 1);
  EXPECT_EQ(tokenizer.vocab_size(), kLeast + 1);
  EXPECT_EQ(tokenizer.find("<|endoftext|>"), 0);
  EXPECT_EQ(tokenizer.find("<|im_start|>"), 1);
  EXPECT_EQ(tokenizer.find("<|im_end|>"), 2);
  EXPECT_EQ(tokenizer.find("<global-img>"), kLeast + 1 - 40);
  EXPECT_EQ(tokenizer.find("<end_of_utterance>"), kLeast);
  EXPECT_THAT(tokenizer.encode("<row_6_col_6>"), ElementsAre(kLeast + 1 - 40 + 36));
}

TEST(BpeLearner, OneTextIsOneTokenHoweverItIsJoined) {
  BpeLearner learner;
  // "ab" "c" and "a" "bc" are both joined in the end.
  for (const char* text : {"ab ab ab ab", "bc bc bc bc", "abc abc abc", "xab xab", "bcx bcx"}) {
    learner.add(text);
  }
  const Json json = learner.tokenizer(kLeast + 6);
  EXPECT_EQ(json.at("model").at("vocab").size(), static_cast<size_t>(kLeast + 6 - 40));
  EXPECT_GE(json.at("model").at("merges").size(), 6U);
}

TEST(BpeLearner, TheOrderOfTheTextsDecidesNothing) {
  BpeLearner a, b;
  const std::string texts[] = {"the cat sat", "on the mat", "that the cat that", "sat on the hat"};
  for (size_t i = 0; i < 4; ++i) {
    a.add(texts[i]);
    b.add(texts[3 - i]);
  }
  EXPECT_EQ(dump_json(a.tokenizer(kLeast + 5)), dump_json(b.tokenizer(kLeast + 5)));
}

TEST(BpeLearner, RefusesASizeItCannotReach) {
  BpeLearner learner;
  learner.add("ab ab");
  EXPECT_THAT(test::error_of([&] { learner.tokenizer(kLeast - 1); }, ErrorCode::kUsage),
              testing::HasSubstr("299 or more is wanted"));
  EXPECT_THAT(test::error_of([&] { learner.tokenizer(kLeast + 50); }, ErrorCode::kBadInput),
              testing::HasSubstr("a smaller --size"));
}

TEST(DocumentTexts, PagesLieEvenlyOverADocument) {
  EXPECT_THAT(spread_pages(3, 0), ElementsAre(1, 2, 3));
  EXPECT_THAT(spread_pages(3, 7), ElementsAre(1, 2, 3));
  EXPECT_THAT(spread_pages(9, 3), ElementsAre(1, 4, 7));
  EXPECT_THAT(spread_pages(10, 4), ElementsAre(1, 3, 6, 8));
}

}  // namespace
}  // namespace recto
