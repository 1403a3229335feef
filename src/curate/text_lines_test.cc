#include "curate/text_lines.h"

#include <gtest/gtest.h>

namespace recto {
namespace {

TEST(TextLines, LinesAreTrimmedAndNeverEmpty) {
  EXPECT_EQ(split_lines(" a \n\n\tb  c\r\n \n"), (std::vector<std::string>{"a", "b  c"}));
  EXPECT_TRUE(split_lines("").empty());
  EXPECT_EQ(fold_spaces("  a \t b\n"), "a b");
}

TEST(TextLines, LowerCaseKnowsTheAlphabetsOfEurope) {
  EXPECT_EQ(lower_case("ÀÉÏ ŁŚŻŹ ČĚ ΑΒΓ ЁЖЯ ß×Ÿ表"), "àéï łśżź čě αβγ ёжя ß×Ÿ表");
}

TEST(TextLines, ContentsLines) {
  struct Case {
    const char* line;
    const char* text;
    const char* label;
    bool leader;
  };
  for (const Case& test :
       {Case{"1.2 Files . . . . 17", "1.2 Files", "17", true},
        Case{"1.2 Files.......17", "1.2 Files", "17", true},
        Case{"Vorwort … xvi", "Vorwort", "xvi", true}, Case{"The end 17", "The end", "17", false},
        Case{"Version 1.17", "Version 1", "17", false}, Case{"Debian12", "Debian12", "", false},
        Case{"a number 123456", "a number 123456", "", false}, Case{"Files", "Files", "", false},
        Case{"17", "", "17", false}, Case{"", "", "", false}}) {
    const ContentsLine line = parse_contents_line(test.line);
    EXPECT_EQ(line.text, test.text) << test.line;
    EXPECT_EQ(line.label, test.label) << test.line;
    EXPECT_EQ(line.leader, test.leader) << test.line;
  }
}

TEST(TextLines, EndsAndBeginningsOfSentences) {
  for (const char* text : {"Done.", "Done!", "So:", "(Done.)", "„Fertig.”", "完了。"}) {
    EXPECT_TRUE(ends_sentence(text)) << text;
  }
  for (const char* text : {"Done", "in", "", "a)"}) EXPECT_FALSE(ends_sentence(text)) << text;
  for (const char* text : {"Why?", "なぜ？", "لماذا؟", "« Pourquoi ? »", "(Why?)"}) {
    EXPECT_TRUE(ends_in_question_mark(text)) << text;
  }
  EXPECT_FALSE(ends_in_question_mark("Why? Because"));
  EXPECT_FALSE(ends_in_question_mark("Distance by sound (echography?)"));
  for (const char* text : {"Über", "¿Qué", "“Why", "Żeby", "日本"}) {
    EXPECT_TRUE(begins_sentence(text)) << text;
  }
  for (const char* text : {"über", "= 0x10", "", "3 things", "żeby"}) {
    EXPECT_FALSE(begins_sentence(text)) << text;
  }
}

}  // namespace
}  // namespace recto
