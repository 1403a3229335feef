#include "page/font_face.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "page/reader_test_support.h"

namespace recto::test {
namespace {

std::string font_bytes(const std::string& name) {
  return read_file("/usr/share/fonts/truetype/dejavu/" + name + ".ttf");  // fonts-dejavu-core
}

TEST(FontFace, KnowsItsFamilyAndStyle) {
  const struct {
    const char *file, *family;
    bool bold;
  } cases[] = {{"DejaVuSans", "DejaVu Sans", false},
               {"DejaVuSans-Bold", "DejaVu Sans", true},
               {"DejaVuSerif", "DejaVu Serif", false},
               {"DejaVuSansMono-Bold", "DejaVu Sans Mono", true}};
  for (const auto& [file, family, bold] : cases) {
    const FontFace face = read_font_face(font_bytes(file), file);
    EXPECT_EQ(face.family, family);
    EXPECT_EQ(face.bold, bold) << file;
    EXPECT_FALSE(face.italic) << file;
    EXPECT_EQ(face.units_per_em, 2048) << file;
    EXPECT_GT(face.ascent, 0) << file;
    EXPECT_LT(face.descent, 0) << file;
  }
}

TEST(FontFace, KnowsItsCharactersAndTheirWidths) {
  const FontFace face = read_font_face(font_bytes("DejaVuSansMono"), "mono");
  for (const char32_t code : {U'a', U'W', U'\u00DF', U'\u0416', U'\u03BB', U'\u2022'}) {
    EXPECT_NE(face.glyph(code), 0) << static_cast<unsigned>(code);
    EXPECT_NEAR(face.advance(face.glyph(code)), 0.602, 0.001) << static_cast<unsigned>(code);
  }
  EXPECT_EQ(face.glyph(U'\u65E5'), 0);
  EXPECT_TRUE(
      face.covers("Gr\xC3\xBC\xC3\x9F"
                  "e"));
  EXPECT_FALSE(face.covers("a\xE6\x97\xA5"));
}

TEST(FontFace, OfBytesThatAreNone) {
  const std::string whole = font_bytes("DejaVuSans");
  for (const std::string& bytes :
       {std::string(), std::string("no font at all"), std::string("\0\1\0\0", 4),
        std::string("\0\1\0\0\xFF\xFF\0\0\0\0\0\0", 12), whole.substr(0, 300)}) {
    EXPECT_EQ(outcome([&] { read_font_face(bytes, "a.ttf"); }).code, "bad_input") << bytes.size();
  }
  EXPECT_NE(outcome([&] { read_font_face("text", "a.ttf"); }).message.find("a.ttf"),
            std::string::npos);
}

// Whatever is wrong in it, a font is read or refused.
TEST(FontFace, WithChangedBytes) {
  const std::string whole = font_bytes("DejaVuSansMono");
  Random random(3);
  for (int i = 0; i < 150; ++i) {
    std::string bytes = whole;
    // The directory of tables, or anywhere.
    const size_t reach = i % 2 == 0 ? 400 : bytes.size();
    for (int change = 0; change < 20; ++change) {
      bytes[random.below(reach)] = static_cast<char>(random.below(256));
    }
    const Outcome result = outcome([&] { read_font_face(std::move(bytes), "a.ttf"); });
    EXPECT_TRUE(result.code == "none" || result.code == "bad_input" || result.code == "unsupported")
        << result.message;
  }
}

}  // namespace
}  // namespace recto::test
