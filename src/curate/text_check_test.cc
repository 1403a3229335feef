#include "curate/text_check.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "base/utf8.h"

namespace recto {
namespace {

const char* const kEnglish =
    "All human beings are born free and equal in dignity and rights. They are endowed with reason "
    "and conscience and should act towards one another in a spirit of brotherhood.";

std::string repeat(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

/// Each letter moved by `shift` in the alphabet, as a font without names of its glyphs may do.
std::string shifted(std::string text, int shift) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>('a' + (c - 'a' + shift) % 26);
    if (c >= 'A' && c <= 'Z') c = static_cast<char>('A' + (c - 'A' + shift) % 26);
  }
  return text;
}

/// UTF-8 bytes read as Latin-1.
std::string as_latin1(std::string_view utf8) {
  std::string out;
  for (const char byte : utf8) append_utf8(out, static_cast<uint8_t>(byte));
  return out;
}

TEST(TextCheck, SoundTextsPass) {
  const std::string texts[] = {
      "",
      "short \uFFFD\uFFFD",
      kEnglish,
      "Tous les êtres humains naissent libres et égaux en dignité et en droits. Été à Évreux.",
      "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Strč prst skrz krk.",
      "Az emberek, ésszel és lelkiismerettel bírván, egymással szemben testvéri szellemben kell.",
      "Allir menn eru bornir frjálsir og jafnir öðrum að virðingu og réttindum. Þeir eru gæddir.",
      "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền.",
      "Все люди рождаются свободными и равными в своем достоинстве и правах.",
      "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
      "すべての人間は、生れながらにして自由であり、かつ、尊厳と権利とについて平等である。",
      "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضميرا",
      // A table of contents, a listing, a table of numbers, a dump.
      "1 Introduction . . . . . . . . . . . . . . . . . . . . . . 1\n"
      "2 Usage . . . . . . . . . . . . . . . . . . . . . . . . . . 17\n",
      "#include <stdio.h>\nint main(void) {\n  for (int i = 0; i < 10; ++i) { printf(\"%d\\n\", "
      "i); }\n"
      "  return (x[0] & 0xff) << 8;\n}\n",
      "12.4 13.5 99.1 102.4\n3.14 2.71 1.41 1.73\n1,024 2,048 4,096 8,192 (5%) (7%)",
      "00000010: 4d5a 9000 0300 0000 0400 0000 ffff 0000 b800 0000 deadbeef cafe",
      // Bullets of an icon font.
      "\uF0B7 first item of the list\n\uF0B7 second item of the list\n\uF0B7 third item",
      "ls /usr/share/doc /etc/apt /bin /lib /home/guest /var/cache",
      // Quotations of what goes wrong.
      repeat(kEnglish, 5) + " The byte 0xC3 shows as Ã©, and a quote as â€™.",
  };
  for (const std::string& text : texts) {
    const TextCheck check = check_text(text);
    EXPECT_FALSE(check.broken()) << text << ": " << check.problem << " " << check.score;
  }
}

TEST(TextCheck, BrokenTextsAreNamed) {
  const std::string french =
      "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de "
      "raison et de conscience et doivent agir les uns envers les autres: l’esprit à l’œuvre.";
  const std::pair<std::string, std::string> cases[] = {
      {repeat("ab\uFFFD\uFFFDc ", 10), "replacement characters"},
      {repeat("\uE012\uE034\uE011 ", 10), "replacement characters"},
      {repeat("\x01\x02\x03\x04 ", 10), "replacement characters"},
      {repeat("\xff\xfe\xfa ", 10), "replacement characters"},
      {repeat("(cid:12)(cid:45) (cid:3) ", 10), "glyph names"},
      {repeat("/g23 /g45 /g2 /G1A ", 10), "glyph names"},
      {repeat("/uni0041 /uni0062 ", 10), "glyph names"},
      {as_latin1(french), "UTF-8 read as Latin-1"},
      {as_latin1("Все люди рождаются свободными и равными в своем достоинстве."),
       "replacement characters"},
      {"UmfragenÃ¼bersicht fÃ¼r MÃ¤rz: schÃ¶ne GrÃ¼ÃŸe", "UTF-8 read as Latin-1"},
      // Russian in Windows-1251, read as Latin-1.
      {"Äèñòðèáóòèâ GNU/Linux: ïåðâûé êðóïíûé äèñòðèáóòèâ, ðàçðàáàòûâàåìûé îòêðûòî â äóõå GNU",
       "letters of another alphabet read as Latin"},
      {shifted(repeat(kEnglish, 3), 3), "too few vowels"},
      {repeat("!\"#$ %&' ()*+ ,$/# :;<=% ", 10), "symbols for letters"},
  };
  for (const auto& [text, problem] : cases) {
    const TextCheck check = check_text(text);
    EXPECT_EQ(check.problem, problem) << text;
    EXPECT_EQ(check.broken(), !problem.empty());
  }
}

TEST(TextCheck, CountsWhatIsNoWhiteSpace) {
  EXPECT_EQ(count_characters(""), 0);
  EXPECT_EQ(count_characters(" a\tb\nc\u00A0d\u3000é "), 5);
  EXPECT_EQ(count_characters("数据 库"), 3);
  EXPECT_EQ(count_characters("\xff"), 1);
}

TEST(TextCheck, WhenOcrIsNeeded) {
  const std::string fifty(50, 'a');
  const std::string fewer(49, 'a');
  EXPECT_EQ(ocr_reason("", 0.02), "no text layer");
  EXPECT_EQ(ocr_reason(fewer, 0.02), "no text layer");
  EXPECT_EQ(ocr_reason(fewer, 0.01), "");
  EXPECT_EQ(ocr_reason(fifty, 0.9), "");
  EXPECT_EQ(ocr_reason("", 0), "");
  EXPECT_EQ(ocr_reason(repeat("(cid:7) ", 30), 0.001), "glyph names");
}

}  // namespace
}  // namespace recto
