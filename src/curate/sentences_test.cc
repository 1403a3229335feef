#include "curate/sentences.h"

#include <gtest/gtest.h>

namespace recto {
namespace {

TEST(Sentences, AreWholeAndJoinedOverLines) {
  EXPECT_EQ(split_sentences("of the page. Files are sorted\nby name. See e.g. Smith for more. Why? "
                            "Because they are many. int x = 3; and no end"),
            (std::vector<std::string>{"Files are sorted by name.", "See e.g. Smith for more.",
                                      "Because they are many."}));
  EXPECT_TRUE(split_sentences("no capital at the start.").empty());
  EXPECT_TRUE(split_sentences("").empty());
}

}  // namespace
}  // namespace recto
