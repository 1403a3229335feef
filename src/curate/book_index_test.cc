#include "curate/book_index.h"

#include <gtest/gtest.h>

#include "curate/test_document.h"

namespace recto {
namespace {
using test::document_of;
using Labels = std::vector<std::string>;

TEST(IndexEntry, TermAndNumbersInEveryManner) {
  struct Case {
    const char* line;
    const char* term;
    Labels labels;
  };
  for (const Case& test :
       {Case{"sorting, of files . . . 12, 45–47", "sorting, of files", {"12", "45"}},
        Case{"sorting, 12", "sorting", {"12"}}, Case{"sorting 12 , 14", "sorting", {"12", "14"}},
        Case{"dynamic classpath. . . . 1050, 1057", "dynamic classpath", {"1050", "1057"}},
        Case{"ISO 8859, 45ff.", "ISO 8859", {"45"}}, Case{"pages 3-5, 9", "pages", {"3", "9"}},
        Case{"sorting", "sorting", {}}, Case{"sorting12", "sorting12", {}}, Case{"12, 13", "", {}},
        Case{"", "", {}}, Case{"section 12345", "section 12345", {}}}) {
    const IndexEntry entry = parse_index_entry(test.line);
    EXPECT_EQ(entry.term, test.term) << test.line;
    EXPECT_EQ(entry.labels, test.labels) << test.line;
  }
}

std::vector<std::string> terms(const std::string& page) {
  const CuratedDocument document = document_of({page});
  DocumentText text(document);
  std::vector<std::string> found;
  for (const IndexEntry& entry : read_index_page(text, 1)) found.push_back(entry.term);
  return found;
}

TEST(IndexPage, DividedEntriesAreJoined) {
  EXPECT_EQ(
      terms("A\narchives\n, 4\n, 9\nassembling a document out of\nits pages . . . . 12\nB\n"
            "binding, 7"),
      (std::vector<std::string>{"archives", "assembling a document out of its pages", "binding"}));
}

TEST(IndexPage, WhatIsOutOfOrderIsSubordinate) {
  EXPECT_EQ(terms("archives, 4\nbinding, 7\nwith thread, 8\nboards, 9\ncovers, 10\nof cloth, 11\n"
                  "drawings, 12"),
            (std::vector<std::string>{"archives", "binding", "boards", "covers", "drawings"}));
}

std::string index_page(const std::string& head) {
  std::string page = head + "\n";
  for (const char letter : std::string("abcdefghijkl")) {
    page += std::string(5, letter) + " . . . . . 1\n";
  }
  return page;
}

TEST(IndexPages, BeginWithTheirNameInTheSecondHalfAndGoOnWhileTheyHaveEntries) {
  const std::string text = "A chapter about something\nwith text";
  const auto pages = [](const std::vector<std::string>& texts,
                        const std::vector<OutlineEntry>& outline = {}) {
    const CuratedDocument document = document_of(texts, outline);
    DocumentText document_text(document);
    return find_index_pages(document_text);
  };
  using Pages = std::vector<int>;
  EXPECT_EQ(pages({text, text, text, index_page("INDEKS 149"), index_page("150"), text}),
            (Pages{4, 5}));
  EXPECT_EQ(pages({index_page("Index"), text, text, text}), Pages()) << "a list of contents";
  EXPECT_EQ(pages({text, text, text, index_page("Quellen")}), Pages()) << "no name of an index";
  EXPECT_EQ(pages({text, text, text, index_page("4")}, {{"Stichwortverzeichnis", 0, 4}}), Pages{4});
  EXPECT_EQ(pages({text, text, text, "Index\n" + text}), Pages()) << "no entries";
}

}  // namespace
}  // namespace recto
