#include "curate/captions.h"

#include <gtest/gtest.h>

#include "curate/test_document.h"

namespace recto {
namespace {
using test::document_of;

TEST(CaptionLabel, IsKnownInManyLanguagesAndLeftOff) {
  struct Case {
    const char* line;
    CaptionKind kind;
    const char* number;
    const char* text;
  };
  constexpr auto kFigure = CaptionKind::kFigure;
  constexpr auto kTable = CaptionKind::kTable;
  for (const Case& test :
       {Case{"Figure 3.1: Structure of a file", kFigure, "3.1", "Structure of a file"},
        Case{"FIGURE 3 – Structure", kFigure, "3", "Structure"},
        Case{"Fig. 2-7 Structure", kFigure, "2-7", "Structure"},
        Case{"Abbildung A.2: Aufbau", kFigure, "A.2", "Aufbau"},
        Case{"Figura 4. Estructura", kFigure, "4", "Estructura"},
        Case{"Rysunek 5: Budowa", kFigure, "5", "Budowa"},
        Case{"Рисунок 5: Схема", kFigure, "5", "Схема"},
        Case{"图 3.1 结构", kFigure, "3.1", "结构"}, Case{"図1: 構造", kFigure, "1", "構造"},
        Case{"Table IV: Results", kTable, "IV", "Results"},
        Case{"Tabelle 1.4: Werte", kTable, "1.4", "Werte"},
        Case{"Tableau 2 : Valeurs", kTable, "2", "Valeurs"},
        Case{"Tabela 3: Opções", kTable, "3", "Opções"}, Case{"表1：数值", kTable, "1", "数值"},
        // Not a label.
        Case{"figure 3 shows it", kFigure, "", ""}, Case{"Figure 3's parts", kFigure, "", ""},
        Case{"Figure 3, which shows", kFigure, "", ""}, Case{"Figures: all", kFigure, "", ""},
        Case{"Figure it out", kFigure, "", ""}, Case{"Table of Contents", kTable, "", ""},
        Case{"Table 3: x", kFigure, "", ""}, Case{"", kFigure, "", ""}}) {
    const CaptionLabel label = parse_caption_label(test.line, test.kind);
    EXPECT_EQ(label.number, test.number) << test.line;
    EXPECT_EQ(label.text, test.text) << test.line;
  }
}

std::vector<std::string> found(const std::vector<std::string>& pages, CaptionKind kind) {
  const CuratedDocument document = document_of(pages);
  DocumentText text(document);
  std::vector<std::string> captions;
  for (const Caption& caption : find_captions(text, kind)) {
    captions.push_back(caption.text + " @" + std::to_string(caption.page));
  }
  return captions;
}

const std::string kLong(70, 'x');  // a full line of running text

TEST(FindCaptions, CaptionsAreToldFromReferences) {
  using Lines = std::vector<std::string>;
  const auto figures = [](const std::string& page) { return found({page}, CaptionKind::kFigure); };
  EXPECT_EQ(figures(kLong + "\nFigure 1: How a page is read"), Lines{"How a page is read @1"});
  EXPECT_EQ(figures(kLong + ".\nFigure 1. How a page is read."), Lines{"How a page is read @1"});
  EXPECT_EQ(figures(kLong + " as can be seen in\nFigure 1. How a page is read"), Lines())
      << "the line before goes on";
  EXPECT_EQ(figures(kLong + ".\nFigure 1 Pages of a book"), Lines())
      << "no colon, no full stop, no list of figures";
  EXPECT_EQ(figures(kLong + "\nFigure 1: How a page is read . . . . . 12"), Lines())
      << "an entry of a list";
}

TEST(FindCaptions, LongOnesAreJoinedAndCutAfterASentence) {
  const std::string first = "Figure 1: The way of a page from the document to the picture and the";
  EXPECT_EQ(found({kLong + "\n" + first + "\ntext behind it. More of it follows\n" + kLong},
                  CaptionKind::kFigure),
            std::vector<std::string>{"The way of a page from the document to the picture and the "
                                     "text behind it @1"});
  // Where the next line is not seen to belong to it, the end cannot be told.
  EXPECT_EQ(found({kLong + "\n" + first + "\nThe next paragraph\n" + kLong}, CaptionKind::kFigure),
            std::vector<std::string>{" @1"});
}

TEST(FindCaptions, AFunctionWordAtTheEndOfALineGoesOn) {
  const auto tables = [](const std::string& page) { return found({page}, CaptionKind::kTable); };
  using Lines = std::vector<std::string>;
  EXPECT_EQ(tables(kLong + "\nTabelle 4: Funktionen für die\nübrigen Dateien\nPunkt\n" + kLong),
            Lines{"Funktionen für die übrigen Dateien @1"});
  EXPECT_EQ(tables(kLong + "\nTabelle 4: Funktionen für Dateien und\nKonten\n" + kLong),
            Lines{" @1"});
  EXPECT_EQ(tables(kLong + "\nTabelle 4: Funktionen für Dateien und"), Lines{" @1"});
}

TEST(FindListedCaptions, LeadToThePageThatBearsTheNumberIfTheWordsStandThere) {
  CuratedDocument document = document_of(
      {"List of Tables\n1.1 Units of length . . . . . . 1\n1.2 Units of time in use\nand out of "
       "use . . . . 2\nList of Figures\n1.1 A clock . . . 2\n1.2 A ruler that is nowhere . . . 1",
       "Length\nUnits of length",
       "Time. Units of time in use and out of use.\nFigure 1.1 A clock"});
  const char* labels[] = {"i", "1", "2"};
  for (size_t i = 0; i < 3; ++i) document.pages[i].label = labels[i];
  DocumentText text(document);
  const auto list = [&](CaptionKind kind) {
    std::vector<std::string> lines;
    for (const Caption& c : find_listed_captions(text, kind)) {
      lines.push_back(c.number + " " + c.text + " @" + std::to_string(c.page));
    }
    return lines;
  };
  EXPECT_EQ(list(CaptionKind::kTable),
            (std::vector<std::string>{"1.1 Units of length @2",
                                      "1.2 Units of time in use and out of use @3"}));
  EXPECT_EQ(list(CaptionKind::kFigure),
            (std::vector<std::string>{"1.1 A clock @3", "1.2 A ruler that is nowhere @0"}));
  // A number that the list names makes a caption of a line without colon.
  const std::vector<Caption> captions = find_captions(text, CaptionKind::kFigure);
  ASSERT_EQ(captions.size(), 1u);
  EXPECT_EQ(captions[0].text, "A clock");
}

}  // namespace
}  // namespace recto
