#include "curate/headings.h"

#include <gtest/gtest.h>

#include <map>

namespace recto {
namespace {

TEST(StripNumbering, Cases) {
  const std::map<std::string, std::string> cases = {
      {"Setting up", "Setting up"},
      {"3.1 Setting up", "Setting up"},
      {"3.1.  Setting\n up ", "Setting up"},
      {"Chapter 4: Use of it", "Use of it"},
      {"Chapter IV. Use", "Use"},
      {"Kapitel 2 – Einrichtung", "Einrichtung"},
      {"Capítulo 12. Sobre el libro", "Sobre el libro"},
      {"Appendix A. Files", "Files"},
      {"A.2. Files", "Files"},
      {"A.2 Files", "Files"},
      {"B. Notes", "Notes"},
      {"IV. Results", "Results"},
      {"(2) Second case", "Second case"},
      {"§7 Scope", "Scope"},
      {"A Survey of Things", "A Survey of Things"},
      {"I did it", "I did it"},
      {"3D printing", "3D printing"},
      {"X11 and Wayland", "X11 and Wayland"},
      {"Chapter and verse", "Chapter and verse"},
      {"Part of the whole", "Part of the whole"},
      {"Step 1: The list", "The list"},
      {"Étape 2 – La liste", "La liste"},
      {"ステップ 1: 控除リスト", "控除リスト"},
      {"ステップ1：控除リスト", "控除リスト"},
      {"第8章 结论", "结论"},
      {"第 十 節結論", "結論"},
      {"第一の例", "第一の例"},
      {"ステップを書く", "ステップを書く"},
      {"Step by step", "Step by step"},
      {"1.2.3", ""},
      {"  ", ""},
      {"", ""},
  };
  for (const auto& [title, wanted] : cases) EXPECT_EQ(strip_numbering(title), wanted) << title;
}

TEST(FoldedText, ContainsWholeWordsHoweverSpaced) {
  WordTokenizer tokenizer;
  struct Case {
    const char* text;
    const char* part;
    bool wanted;
  };
  for (const Case& test :
       {Case{"1.2 Setting\nUP the System.", "setting up the system", true},
        Case{"Timetable of trains", "Time table", true}, Case{"A time table", "Timetable", true},
        Case{"Énergie renouvelable", "energie renouvelable", true},
        Case{"Con\xEF\xAC\x81guring things", "configuring", true},
        Case{"Setting ups", "setting up", false}, Case{"resetting up", "setting up", false},
        Case{"setting it up", "setting up", false}, Case{"日本語の文書", "日本語の文書", true},
        Case{"ab ab abc", "ab abc", true}, Case{"anything", "", false}, Case{"", "x", false}}) {
    EXPECT_EQ(FoldedText(tokenizer, test.text).contains(FoldedText(tokenizer, test.part)),
              test.wanted)
        << test.text << " / " << test.part;
  }
}

TEST(FoldedText, LongWordsAreThoseThatSaySomething) {
  WordTokenizer tokenizer;
  EXPECT_EQ(FoldedText(tokenizer, "Voorstelling van de componenten").long_words(), 2u);
  EXPECT_EQ(FoldedText(tokenizer, "Configurazione dell'hardware").long_words(), 2u);
  EXPECT_EQ(FoldedText(tokenizer, "Conversion à partir d'autres formats").long_words(), 2u);
  EXPECT_EQ(FoldedText(tokenizer, "где это будет").long_words(), 1u);
  EXPECT_EQ(FoldedText().long_words(), 0u);
}

TEST(FoldedText, LettersLeaveOutDigitsAndWeighIdeographs) {
  WordTokenizer tokenizer;
  EXPECT_EQ(FoldedText(tokenizer, "ab-1 Ç").letters(), 3);
  EXPECT_EQ(FoldedText(tokenizer, "文書").letters(), 6);
  EXPECT_EQ(FoldedText(tokenizer, "1.2 3!").letters(), 0);
}

TEST(PagesAbove, AreThoseOfTheEntryItStandsUnder) {
  const std::vector<OutlinePlace> outline = {{0, 2}, {1, 3}, {2, 4}, {1, 0}, {1, 6},
                                             {0, 8}, {1, 9}, {0, 0}, {1, 12}};
  constexpr int kEnd = PageRange{}.last;
  const std::vector<PageRange> wanted = {{1, kEnd}, {2, 8},    {3, 6},    {2, 8},   {2, 8},
                                         {1, kEnd}, {8, kEnd}, {1, kEnd}, {1, kEnd}};
  for (size_t i = 0; i < outline.size(); ++i) EXPECT_EQ(pages_above(outline, i), wanted[i]) << i;
}

TEST(BeginsAtPageEnd, WhenLittleTextFollowsInTheSecondHalf) {
  WordTokenizer tokenizer;
  const FoldedText heading(tokenizer, "Writing the pages");
  struct Case {
    int above;
    int below;
    bool wanted;
  };
  for (const Case& test : {Case{1000, 399, true}, Case{1000, 401, false}, Case{100, 200, false},
                           Case{300, 0, true}, Case{0, 0, false}}) {
    const std::string page =
        std::string(test.above, 'x') + " Writing the pages " + std::string(test.below, 'y');
    EXPECT_EQ(begins_at_page_end(heading, FoldedText(tokenizer, page)), test.wanted)
        << test.above << " " << test.below;
  }
}

TEST(BeginsAtPageEnd, AMentionAtTheEndOfASlideIsNoHeading) {
  WordTokenizer tokenizer;
  const std::string slide = "Building it\n" + std::string(300, 'x') + "\nmore on building it\n";
  const FoldedText heading(tokenizer, "Building it");
  EXPECT_FALSE(begins_at_page_end(heading, FoldedText(tokenizer, slide + std::string(200, 'y'))));
  EXPECT_TRUE(begins_at_page_end(heading, FoldedText(tokenizer, slide + std::string(100, 'y'))));
}

TEST(FindHeadings, EveryEntryIsKeptOrSaidWhyNot) {
  WordTokenizer tokenizer;
  const std::map<int, std::string> pages = {{1, "Contents"},
                                            {2, "1 Getting started with it. Text"},
                                            {3, "1.1 The second step. And The third step"},
                                            {4, "The end of the manual"}};
  const std::vector<OutlineEntry> outline = {{"1 Getting started with it", 0, 2},
                                             {"1.1 The second step", 1, 2},
                                             {"The third step", 1, 4},
                                             {"The end of the manual", 0, 2},
                                             {"Nowhere to be found", 0, 0},
                                             {"Beyond the last page", 0, 9},
                                             {"12.3", 0, 2},
                                             {"Use", 0, 2},
                                             {"Contents", 0, 1},
                                             {"Something else entirely", 0, 3}};
  std::map<int, FoldedText> folded;
  for (const auto& [number, text] : pages) folded[number] = FoldedText(tokenizer, text);
  Audit audit;
  const auto headings = find_headings(
      "doc", outline, 4, tokenizer, [&](int n) -> const FoldedText& { return folded.at(n); },
      audit);
  std::vector<std::string> found;
  for (const Heading& heading : headings) {
    found.push_back(heading.query + " @" + std::to_string(heading.page));
  }
  EXPECT_EQ(found, (std::vector<std::string>{"Getting started with it @2", "The second step @3",
                                             "The third step @3"}));
  std::map<std::string, std::string> reasons;
  for (const AuditRow& row : audit.rows()) {
    EXPECT_EQ(row.decision, "dropped");
    reasons[row.item] = row.reason;
  }
  EXPECT_EQ(reasons, (std::map<std::string, std::string>{
                         {"doc#outline-4", "not on the page it leads to nor beside it"},
                         {"doc#outline-5", "leads nowhere"},
                         {"doc#outline-6", "leads nowhere"},
                         {"doc#outline-7", "no letters"},
                         {"doc#outline-8", "short"},
                         {"doc#outline-9", "short: one word"},
                         {"doc#outline-10", "not on the page it leads to nor beside it"}}));
}

}  // namespace
}  // namespace recto
