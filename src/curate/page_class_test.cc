#include "curate/page_class.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/random.h"
#include "curate/page_layout.h"

namespace recto {
namespace {

constexpr int kWidth = 181;
constexpr int kHeight = 256;
constexpr float kLine = 0.016F;  // height of a line of text, as a fraction of the page

/// A page that is drawn word by word. Lengths are fractions of the page.
class Draft {
 public:
  explicit Draft(uint8_t paper = 255)
      : thumbnail_{kWidth, kHeight, std::vector<uint8_t>(size_t{kWidth} * kHeight, paper)},
        ink_(paper > 128 ? 60 : 230) {}

  /// One word; returns where the next one may begin.
  float word(float left, float top, const std::string& text, float size = kLine) {
    const float right = left + 0.55F * size / 0.707F * static_cast<float>(text.size());
    text_.words.push_back({text, left, top, std::min(right, 0.99F), top + size});
    text_.text += text + ' ';
    box(left, top + size * 0.2F, std::min(right, 0.99F), top + size * 0.8F, ink_);
    return right + 0.006F;
  }
  void words(float left, float right, float top, uint64_t seed) {
    Random random(seed);
    constexpr float kLetter = 0.55F * kLine / 0.707F;
    while (left < right - kLetter) {
      const auto fits = static_cast<size_t>((right - left) / kLetter);
      left = word(left, top, std::string(std::min<size_t>(2 + random.below(4), fits), 'e'));
    }
    text_.text += '\n';
  }
  void box(float left, float top, float right, float bottom, uint8_t gray) {
    const int end_y = std::min(kHeight, static_cast<int>(bottom * kHeight));
    const int end_x = std::min(kWidth, static_cast<int>(right * kWidth));
    for (int y = static_cast<int>(top * kHeight); y < end_y; ++y) {
      for (int x = static_cast<int>(left * kWidth); x < end_x; ++x) {
        thumbnail_.gray[static_cast<size_t>(y) * kWidth + static_cast<size_t>(x)] = gray;
      }
    }
  }
  void frame(float left, float top, float right, float bottom) {
    constexpr float kThin = 0.006F;
    box(left, top, right, top + kThin, 0);
    box(left, bottom - kThin, right, bottom, 0);
    box(left, top, left + kThin, bottom, 0);
    box(right - kThin, top, right, bottom, 0);
  }
  void picture(float left, float top, float right, float bottom) {
    Random random(3);
    for (float y = top; y < bottom; y += 0.01F) {
      for (float x = left; x < right; x += 0.01F) {
        box(x, y, x + 0.01F, y + 0.01F, static_cast<uint8_t>(random.below(180)));
      }
    }
  }
  void paragraph(float left, float right, float top, int lines) {
    for (int i = 0; i < lines; ++i) {
      words(left, right, top + 1.3F * kLine * static_cast<float>(i), static_cast<uint64_t>(i + 1));
    }
  }
  PageMeasures measure() const { return measure_page(thumbnail_, text_); }
  ContentClass classify(int number = 5, int pages = 100) const {
    return classify_page(measure(), number, pages);
  }

 private:
  GrayImage thumbnail_;
  PageText text_;
  uint8_t ink_;
};

TEST(PageClass, RunningText) {
  Draft page;
  page.paragraph(0.1F, 0.9F, 0.1F, 38);
  EXPECT_EQ(page.classify(), ContentClass::kText);
  EXPECT_LT(page.measure().table, 0.05);
  EXPECT_EQ(page.measure().graphic, 0);
  EXPECT_EQ(page.measure().lines, 38);
}

TEST(PageClass, ColumnsOfTextAreNoTable) {
  for (const int columns : {2, 3}) {
    Draft page;
    const float width = 0.8F / static_cast<float>(columns);
    for (int i = 0; i < columns; ++i) {
      const float left = 0.1F + width * static_cast<float>(i);
      page.paragraph(left, left + width - 0.03F, 0.1F, 38);
    }
    EXPECT_EQ(page.classify(), ContentClass::kText) << columns << ", " << page.measure().table;
  }
}

TEST(PageClass, RowsOfShortCellsAreATable) {
  Draft page;
  page.words(0.1F, 0.5F, 0.05F, 1);
  for (int row = 0; row < 20; ++row) {
    const float top = 0.1F + 0.03F * static_cast<float>(row);
    page.word(0.1F, top, fmt::format("row{}", row));
    page.word(0.4F, top, fmt::format("{}.5", 17 * row));
    page.word(0.7F, top, "some");
    page.word(0.76F, top, "note");
  }
  EXPECT_EQ(page.classify(), ContentClass::kTable);
  EXPECT_GT(page.measure().table, 0.8);
}

TEST(PageClass, ATableAmongTextIsMixed) {
  Draft page;
  page.paragraph(0.1F, 0.9F, 0.05F, 16);
  for (int row = 0; row < 12; ++row) {
    const float top = 0.4F + 0.025F * static_cast<float>(row);
    for (int cell = 0; cell < 4; ++cell) {
      page.word(0.1F + 0.2F * static_cast<float>(cell), top, "value");
    }
  }
  EXPECT_EQ(page.classify(), ContentClass::kMixed);
}

TEST(PageClass, LinesThatEndInPageNumbersAreAnIndex) {
  Draft contents;
  for (int i = 0; i < 30; ++i) {
    const float top = 0.1F + 0.025F * static_cast<float>(i);
    contents.word(0.1F, top, fmt::format("{}.1", i));
    contents.word(0.16F, top, "Chapter");
    // Dots have boxes of their own, lower than the letters'.
    for (float x = 0.3F; x < 0.85F; x += 0.02F) contents.word(x, top + 0.012F, ".", 0.002F);
    contents.word(0.88F, top, i < 4 ? "xii" : fmt::format("{}", 3 * i));
  }
  EXPECT_EQ(contents.classify(), ContentClass::kIndex);
  Draft index;
  for (int i = 0; i < 40; ++i) {
    const float top = 0.1F + 0.02F * static_cast<float>(i);
    for (const float left : {0.1F, 0.55F}) {
      const float next = index.word(left, top, i % 6 == 0 ? "A" : "package,");
      if (i % 6 != 0) index.word(index.word(next, top, "12,"), top, "117");
    }
  }
  EXPECT_EQ(index.classify(), ContentClass::kIndex);
}

TEST(PageClass, NumbersThatAreNoPages) {
  Draft page;
  for (int row = 0; row < 20; ++row) {
    const float top = 0.1F + 0.03F * static_cast<float>(row);
    page.word(0.1F, top, "sum");
    page.word(0.4F, top, "12.50");
    page.word(0.7F, top, fmt::format("{}.25", row));
  }
  EXPECT_EQ(page.measure().numbered, 0);
  EXPECT_EQ(page.classify(), ContentClass::kTable);
}

TEST(PageClass, PicturesAndText) {
  Draft figure;
  figure.picture(0.15F, 0.1F, 0.85F, 0.7F);
  figure.words(0.2F, 0.8F, 0.75F, 1);
  EXPECT_EQ(figure.classify(), ContentClass::kFigure);
  EXPECT_NEAR(figure.measure().graphic, 0.42, 0.03);
  Draft mixed;
  mixed.picture(0.2F, 0.1F, 0.6F, 0.3F);
  mixed.paragraph(0.1F, 0.9F, 0.4F, 25);
  EXPECT_EQ(mixed.classify(), ContentClass::kMixed);
  Draft scan;  // a picture over the page, its text known
  scan.picture(0.0F, 0.0F, 1.0F, 1.0F);
  EXPECT_EQ(scan.classify(), ContentClass::kFigure);
}

TEST(PageClass, FramesAndBarsAreNoPictures) {
  Draft framed;
  framed.paragraph(0.1F, 0.9F, 0.05F, 14);
  framed.frame(0.08F, 0.4F, 0.92F, 0.6F);
  framed.paragraph(0.1F, 0.5F, 0.42F, 4);
  framed.box(0.08F, 0.7F, 0.92F, 0.85F, 205);  // a shaded listing
  framed.paragraph(0.1F, 0.4F, 0.72F, 3);
  framed.box(0.0F, 0.0F, 1.0F, 0.04F, 20);  // a bar at the top
  EXPECT_EQ(framed.measure().graphic, 0);
  EXPECT_EQ(framed.classify(), ContentClass::kText);
  Draft dark(25);  // a slide in light letters
  dark.paragraph(0.1F, 0.9F, 0.1F, 20);
  EXPECT_EQ(dark.classify(), ContentClass::kText);
}

TEST(PageClass, Blank) {
  EXPECT_EQ(Draft().classify(), ContentClass::kBlank);
  EXPECT_EQ(Draft().classify(1), ContentClass::kBlank);
  Draft numbered;
  numbered.word(0.5F, 0.95F, "17");
  EXPECT_EQ(numbered.classify(), ContentClass::kBlank);
  // At the edges of the rule: ink < 0.5 % and fewer than 20 characters.
  PageMeasures page;
  page.ink = 0.0049;
  page.characters = 19;
  EXPECT_EQ(classify_page(page, 5, 9), ContentClass::kBlank);
  page.characters = 20;
  EXPECT_EQ(classify_page(page, 5, 9), ContentClass::kText);
  page.characters = 19;
  page.ink = 0.005;
  EXPECT_EQ(classify_page(page, 5, 9), ContentClass::kText);
}

TEST(PageClass, TheFirstPageWithFewWordsIsTheCover) {
  Draft page;
  page.word(page.word(0.2F, 0.3F, "The", 0.05F), 0.3F, "Manual", 0.05F);
  page.word(0.4F, 0.8F, "2026");
  EXPECT_EQ(page.classify(1, 50), ContentClass::kCover);
  EXPECT_EQ(page.classify(2, 50), ContentClass::kText);
  EXPECT_EQ(page.classify(1, 1), ContentClass::kText);
}

TEST(PageClass, InkIsWhatIsDarkerThan200) {
  EXPECT_DOUBLE_EQ(ink_share({2, 2, {199, 200, 255, 0}}), 0.5);
}

TEST(PageClass, StrangeBoxesDoNoHarm) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  PageText text;
  for (const float value : {nan, infinity, -infinity, -5.0F, 1e30F, 0.0F, 2.0F}) {
    text.words.push_back({"word", value, 0.1F, 0.5F, 0.2F});
    text.words.push_back({"word", 0.1F, value, 0.5F, 0.2F});
    text.words.push_back({"12", 0.1F, 0.1F, value, 0.2F});
    text.words.push_back({"", 0.1F, 0.1F, 0.5F, value});
  }
  for (const auto& [width, height] : {std::pair{1, 1}, {256, 1}, {1, 256}, {5, 7}}) {
    const GrayImage thumbnail{width, height,
                              std::vector<uint8_t>(static_cast<size_t>(width * height), 100)};
    const PageMeasures measures = measure_page(thumbnail, text);
    EXPECT_GE(measures.table, 0);
    EXPECT_LE(measures.graphic, 1);
  }
}

}  // namespace
}  // namespace recto
