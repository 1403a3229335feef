#include "base/suggestion.h"

#include <gtest/gtest.h>

namespace recto {
namespace {

TEST(SuggestionTest, TheNearestNameIsNamed) {
  const std::vector<std::string> known = {"infonce", "symmetric", "distill_cosine", "distill_kl"};
  struct Case {
    const char* found;
    const char* nearest;
  };
  for (const Case& c :
       {Case{"infonc", "infonce"}, Case{"InfoNCE", "infonce"}, Case{"ifnonce", "infonce"},
        Case{"simmetrick", "symmetric"}, Case{"distill-cosine", "distill_cosine"},
        Case{"distil_kl", "distill_kl"}, Case{"hinge", ""}, Case{"", ""}}) {
    EXPECT_EQ(nearest_name(c.found, known), c.nearest) << c.found;
  }
}

TEST(SuggestionTest, NothingIsSaidWhenNothingIsNear) {
  EXPECT_EQ(did_you_mean("lr", {"loss", "lr-min"}), "");
  EXPECT_EQ(did_you_mean("los", {"loss"}), "; did you mean \"loss\"?");
  EXPECT_EQ(did_you_mean("x", {}), "");
}

}  // namespace
}  // namespace recto
