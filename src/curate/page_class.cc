#include "curate/page_class.h"

#include <algorithm>

#include "curate/page_layout.h"
#include "curate/text_check.h"
#include "curate/word_grams.h"

namespace recto {
namespace {

constexpr double kBlankInk = 0.005;
constexpr int kBlankCharacters = 20;
constexpr int kCoverWords = 100;
constexpr int kIndexLines = 4;
constexpr double kIndexShare = 0.5;
constexpr double kMostlyTable = 0.5;
constexpr double kSomeTable = 0.2;
constexpr double kMostlyGraphic = 0.3;
constexpr double kSomeGraphic = 0.04;
// Words beside a figure that make it one figure among text.
constexpr int kFigureWords = 60;

}  // namespace

PageMeasures measure_page(const GrayImage& thumbnail, const PageText& text) {
  const double aspect = static_cast<double>(thumbnail.width) / thumbnail.height;
  const std::vector<LayoutLine> lines = layout_lines(text.words, aspect);
  PageMeasures out;
  out.ink = ink_share(thumbnail);
  out.table = table_share(lines, aspect);
  out.graphic = graphic_share(thumbnail, text.words);
  const auto numbered = std::count_if(
      lines.begin(), lines.end(), [](const LayoutLine& line) { return line.ends_in_page_number; });
  out.lines = static_cast<int>(lines.size());
  if (!lines.empty()) {
    out.numbered = static_cast<double>(numbered) / static_cast<double>(lines.size());
  }
  out.words = count_words(text.text);
  out.characters = count_characters(text.text);
  return out;
}

ContentClass classify_page(const PageMeasures& page, int number, int page_count) {
  if (page.ink < kBlankInk && page.characters < kBlankCharacters) return ContentClass::kBlank;
  if (number == 1 && page_count > 1 && page.words <= kCoverWords) return ContentClass::kCover;
  if (page.lines >= kIndexLines && page.numbered >= kIndexShare) return ContentClass::kIndex;
  const bool few_words = page.words < kFigureWords;
  if (page.graphic >= kMostlyGraphic || (page.graphic >= kSomeGraphic && few_words)) {
    return page.words >= 4 * kFigureWords ? ContentClass::kMixed : ContentClass::kFigure;
  }
  if (page.table >= kMostlyTable && page.graphic < kSomeGraphic) return ContentClass::kTable;
  if (page.graphic >= kSomeGraphic || page.table >= kSomeTable) return ContentClass::kMixed;
  return ContentClass::kText;
}

}  // namespace recto
