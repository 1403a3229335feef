#include "curate/sentences.h"

#include <gtest/gtest.h>

namespace recto {
namespace {

TEST(Sentences, AreWholeAndJoinedOverLines) {
  EXPECT_EQ(
      split_sentences({"of the page. Files are sorted", "by name. See e.g. Smith for more. Why?",
                       "Because they are many. int x = 3; and no end"}),
      (std::vector<std::string>{"Files are sorted by name.", "See e.g. Smith for more.",
                                "Because they are many."}));
  EXPECT_TRUE(split_sentences({"no capital at the start."}).empty());
  EXPECT_TRUE(split_sentences({}).empty());
  EXPECT_EQ(split_sentences({"A heading", "The text below the heading is of full lines here, and",
                             "it goes on."}),
            std::vector<std::string>{
                "The text below the heading is of full lines here, and it goes on."});
  EXPECT_EQ(split_sentences({"（注）。文書を読み取る方法は次の通り", "です。なぜですか？終わり。"}),
            (std::vector<std::string>{"文書を読み取る方法は次の通りです。", "終わり。"}));
}

}  // namespace
}  // namespace recto
