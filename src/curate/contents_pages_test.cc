#include "curate/contents_pages.h"

#include <gtest/gtest.h>

#include "curate/test_document.h"

namespace recto {
namespace {

TEST(ContentsPages, ListHeadingsOfPagesElsewhere) {
  const std::vector<Heading> headings = {{"One", "one", 4},
                                         {"Two", "two", 5},
                                         {"Three", "three", 6},
                                         {"Four", "four", 7},
                                         {"Five", "five", 8}};
  const CuratedDocument document = test::document_of(
      {"Contents\n1 One . . . 4\n2 Two . . . 5\n3 Three . . . 6\n4 Four 7\n5 Five",
       "One\nTwo\nThree\nFour\nand the rest of it", "x", "One\nTwo\nThree\nFour\nFive",
       "One\nTwo\nThree\nFour\nFive", "x", "x", "x"});
  DocumentText text(document);
  EXPECT_EQ(find_contents_pages(text, headings), std::set<int>{1})
      << "page 2 lists four, pages 4 and 5 have some of their own or from beside";
}

}  // namespace
}  // namespace recto
