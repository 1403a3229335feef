#include "page/contact_sheet.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "page/caption_font.h"

namespace recto {
namespace {

Image flat(int width, int height, uint8_t value) {
  return {width, height, std::vector<uint8_t>(static_cast<size_t>(width) * height * 3, value)};
}

int64_t count(const Image& image, uint8_t value) {
  return std::count(image.rgb.begin(), image.rgb.end(), value);
}

TEST(ContactSheet, ShowsEveryPictureWhole) {
  std::vector<ContactSheetCell> cells;
  for (int i = 0; i < 7; ++i)
    cells.push_back({flat(160, 226, static_cast<uint8_t>(10 + i)), {"x"}});
  const Image sheet = make_contact_sheet("query", cells);
  for (int i = 0; i < 7; ++i)
    EXPECT_EQ(count(sheet, static_cast<uint8_t>(10 + i)), 320 * 452 * 3) << i;
}

TEST(ContactSheet, FitsAnyShapeOfPage) {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 3000}, {3000, 1}, {4000, 300}}) {
    const Image sheet = make_contact_sheet("", {{flat(width, height, 7), {}}});
    EXPECT_GT(count(sheet, 7), 0) << width << "x" << height;
    EXPECT_EQ(sheet.rgb.size(), static_cast<size_t>(sheet.width) * sheet.height * 3);
  }
}

TEST(ContactSheet, NothingFoundStillShowsTheTitle) {
  EXPECT_GT(count(make_contact_sheet("nothing", {}), 0), 0);
  EXPECT_EQ(count(make_contact_sheet("", {}), 0), 0);
}

TEST(ContactSheet, CaptionsChangeThePicture) {
  const auto sheet = [](const std::string& caption) {
    return make_contact_sheet("q", {{flat(10, 10, 9), {caption}}}).rgb;
  };
  EXPECT_NE(sheet("1. a.pdf"), sheet("2. a.pdf"));
  EXPECT_EQ(sheet("\xE6\xBC\xA2"), sheet("\xEF\xBF\xBD"));  // no glyph: drawn as U+FFFD
  EXPECT_EQ(sheet(std::string(39, 'a') + "\xE2\x80\xA6"), sheet(std::string(500, 'a')));
}

TEST(ContactSheet, RefusesTooManyPages) {
  const std::vector<ContactSheetCell> cells(kMaxContactSheetCells + 1, {flat(1, 1, 0), {}});
  EXPECT_THROW(make_contact_sheet("q", cells), Error);
}

TEST(CaptionFont, IsSortedAndEndsWithTheReplacement) {
  EXPECT_TRUE(
      std::is_sorted(kCaptionGlyphs, kCaptionGlyphs + kCaptionGlyphCount,
                     [](const auto& a, const auto& b) { return a.code_point < b.code_point; }));
  EXPECT_EQ(kCaptionGlyphs[kCaptionGlyphCount - 1].code_point, 0xFFFD);
}

}  // namespace
}  // namespace recto
