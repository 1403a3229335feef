#include "page/pdf_text.h"

#include <gtest/gtest.h>

namespace recto {
namespace {
/// Characters of `text`; '~' is a hyphen that divides a word at a line's end.
std::vector<TextCharacter> characters(std::u32string_view text) {
  std::vector<TextCharacter> result;
  for (const char32_t c : text) {
    const float left = static_cast<float>(result.size()) / 100;
    result.push_back({c == U'~' ? U'\x02' : c, c == U'~', left, 0.5f, left + 0.01f, 0.6f});
  }
  return result;
}

std::string assembled(std::u32string_view text) { return assemble_text(characters(text)).text; }

TEST(PdfText, LinesAndSpaces) {
  EXPECT_EQ(assembled(U""), "");
  EXPECT_EQ(assembled(U"  one  two \r\n three\r\n\r\n"), "one two\nthree");
  EXPECT_EQ(assembled(U"a\u00A0b\u3000c\td"), "a b c d");
}

TEST(PdfText, DividedWordsAreJoined) {
  EXPECT_EQ(assembled(U"exam~ple"), "example");
  EXPECT_EQ(assembled(U"exam~\r\nple of"), "example of");
  EXPECT_EQ(assembled(U"exam\u00AD\nple"), "example");
  EXPECT_EQ(assembled(U"ex\u00ADam"), "exam");
  EXPECT_EQ(assembled(U"well-known"), "well-known");
}

TEST(PdfText, InvalidUnitsDoNotReachTheText) {
  EXPECT_EQ(assembled(U"a\x01\uFFFE\uFEFF b"), "a b");
  EXPECT_EQ(assembled(std::u32string{0xD83D, 0xDE00}), "\xF0\x9F\x98\x80");
  EXPECT_EQ(assembled(std::u32string{U'x', 0xD83D, U'y'}), "x\xEF\xBF\xBDy");
  EXPECT_EQ(assembled(std::u32string{0xDE00}), "\xEF\xBF\xBD");
  EXPECT_EQ(assembled(std::u32string{U'a', 0x110000}), "a");
}

TEST(PdfText, WordsStandWhereTheirLettersDo) {
  const PageText text = assemble_text(characters(U"ab cd~ef"));
  ASSERT_EQ(text.words.size(), 3u);
  EXPECT_EQ(text.text, "ab cdef");
  EXPECT_EQ(text.words[1].text, "cd-");
  EXPECT_FLOAT_EQ(text.words[1].left, 0.03f);
  EXPECT_FLOAT_EQ(text.words[1].right, 0.06f);
  EXPECT_EQ(text.words[2].text, "ef");
  EXPECT_FLOAT_EQ(text.words[2].left, 0.06f);
}

TEST(CleanTitle, FoldsAndCuts) {
  EXPECT_EQ(clean_title(u"  A\t\n title \0 behind"), "A title");
  EXPECT_EQ(clean_title(u"\U0001F600\u00AD!"), "\xF0\x9F\x98\x80!");
  EXPECT_EQ(clean_title(u"abcdef", 3), "abc");
  EXPECT_EQ(clean_title(std::u16string(1, u'\xD800')), "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace recto
