#include "curate/few_word_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace recto {
namespace {

using ::testing::ElementsAre;

TEST(FewWordGroups, AreDividedByFamily) {
  NearDuplicates near;
  near.group_names = {"near-0000000000000000-1", kBlankGroup, "near-5555555555555555-1"};
  // Title pages of three works, two of them in one family each; blank pages; a page with words.
  near.group = {0, 0, 0, 0, 0, 1, 1, 2, 2, kNoGroup};
  const std::vector<int> words = {3, 4, 5, 6, 7, 0, 0, 300, 5, 5};
  const std::vector<std::string> families = {"a", "b", "a", "b", "c", "a", "b", "a", "b", "c"};
  divide_few_word_groups(
      near, words, 20, [&](size_t i) { return families[i]; },
      [](size_t i) { return std::string(64, static_cast<char>('0' + i)) + "-7"; });
  EXPECT_THAT(near.group, ElementsAre(0u, 3u, 0u, 3u, kNoGroup, 1u, 1u, 2u, 2u, kNoGroup));
  EXPECT_THAT(near.group_names, ElementsAre("near-0000000000000000-7", kBlankGroup,
                                            "near-5555555555555555-1", "near-1111111111111111-7"));
}

}  // namespace
}  // namespace recto
