#include "curate/sections.h"

#include <gtest/gtest.h>

namespace recto {
namespace {

using Names = std::set<std::string>;

TEST(Sections, APageStandsUnderWhatBeginsOnItOrBeforeIt) {
  const Sections sections({{"One", "one", 2}, {"Two", "two", 4}, {"Three", "three", 4}}, 6);
  EXPECT_EQ(sections.section_of(1), "");
  EXPECT_EQ(sections.section_of(2), "one");
  EXPECT_EQ(sections.section_of(3), "one");
  EXPECT_EQ(sections.section_of(4), "two");
  EXPECT_EQ(sections.section_of(5), "three");
  EXPECT_EQ(sections.section_of(7), "") << "beyond the document";
  EXPECT_EQ(sections.sections_on(1), Names());
  EXPECT_EQ(sections.sections_on(2), Names{"one"});
  EXPECT_EQ(sections.sections_on(3), Names{"one"});
  EXPECT_EQ(sections.sections_on(4), (Names{"one", "two", "three"}));
  EXPECT_EQ(sections.sections_on(6), Names{"three"});
  EXPECT_EQ(Sections().section_of(1), "");
}

}  // namespace
}  // namespace recto
