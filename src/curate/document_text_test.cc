#include "curate/document_text.h"

#include <gtest/gtest.h>

#include "curate/test_document.h"

namespace recto {
namespace {
using test::document_of;

TEST(DocumentText, FindsWordsOnPages) {
  const CuratedDocument document =
      document_of({"Sorting files", "files, sorted. Sorting Files", "nothing", "Sorting\nfiles"});
  DocumentText text(document);
  EXPECT_EQ(text.pages_with_word("files"), (std::vector<int>{1, 2, 4}));
  EXPECT_TRUE(text.pages_with_word("absent").empty());
  EXPECT_EQ(text.pages_with("sorting FILES", 9), (std::vector<int>{1, 2, 4}));
  EXPECT_EQ(text.pages_with("sorting files", 2), (std::vector<int>{1, 2}));
  EXPECT_TRUE(text.pages_with("files nothing", 9).empty());
  EXPECT_TRUE(text.pages_with("", 9).empty());
  EXPECT_TRUE(text.folded(17).empty()) << "no such page";
  EXPECT_EQ(text.lines(4), (std::vector<std::string>{"Sorting", "files"}));
}

TEST(DocumentText, AnEndlessPageIsCut) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "é line\n";
  for (int i = 0; i < 300'000; ++i) text += "é";
  const CuratedDocument document = document_of({text});
  DocumentText words(document);
  EXPECT_EQ(words.lines(1).size(), 2000u);
  EXPECT_LE(words.folded(1).joined().size(), size_t{256} << 10);
  EXPECT_EQ(words.pages_with_word("line"), std::vector<int>{1});
}

TEST(DocumentText, PrintedNumbersCountWhereMostPagesShowThem) {
  std::vector<std::string> texts = {"Cover", "Contents"};
  for (int i = 1; i <= 6; ++i) {
    texts.push_back(i % 2 == 0 ? std::to_string(i) + " A book\ntext 3 4"
                               : "A chapter " + std::to_string(i) + "\ntext");
  }
  CuratedDocument document = document_of(texts);
  EXPECT_EQ(DocumentText(document).page_labelled("5"), 7);
  EXPECT_EQ(DocumentText(document).page_labelled("7"), 0);
  // Labels that only count the pages, as some programs write them, say less than what is printed.
  for (CuratedPage& page : document.pages) page.label = std::to_string(page.number);
  EXPECT_EQ(DocumentText(document).page_labelled("5"), 7);
}

TEST(DocumentText, LabelsElsePlaces) {
  CuratedDocument document = document_of({"a", "b", "c", "d"});
  EXPECT_EQ(DocumentText(document).page_labelled("3"), 3);
  const char* labels[] = {"i", "ii", "1", "1"};
  for (size_t i = 0; i < 4; ++i) document.pages[i].label = labels[i];
  DocumentText text(document);
  EXPECT_EQ(text.page_labelled("ii"), 2);
  EXPECT_EQ(text.page_labelled("1"), 0) << "two pages have it";
  EXPECT_EQ(text.page_labelled("3"), 0) << "there are labels, and none is 3";
}

}  // namespace
}  // namespace recto
