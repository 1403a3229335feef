#include "page/contact_sheet.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/utf8.h"
#include "page/caption_font.h"
#include "page/resize.h"

namespace recto {
namespace {

constexpr int kBoxWidth = 320;
constexpr int kBoxHeight = 452;
constexpr int kGap = 16;
constexpr int kMaxColumns = 5;
constexpr int kMinWidth = 2 * kBoxWidth + 3 * kGap;  // so that a title has room above one page
constexpr int kLineHeight = kCaptionGlyphHeight + 3;
constexpr int kTitleScale = 2;
constexpr size_t kTitleLines = 3;
constexpr uint8_t kPaper = 238;
constexpr uint8_t kFrame = 150;

std::u32string code_points(const std::string& text) {
  std::u32string out;
  for (size_t i = 0; i < text.size();) {
    const char32_t c = decode_utf8(text, i);
    out += c < U' ' ? U' ' : c;
  }
  return out;
}

const CaptionGlyph& glyph(char32_t c) {
  const CaptionGlyph* end = kCaptionGlyphs + kCaptionGlyphCount;
  const CaptionGlyph* found =
      std::lower_bound(kCaptionGlyphs, end, c,
                       [](const CaptionGlyph& g, char32_t code) { return g.code_point < code; });
  return found != end && found->code_point == c ? *found : end[-1];
}

void fill(Image& sheet, int left, int top, int width, int height, uint8_t value) {
  for (int y = top; y < top + height; ++y) {
    const auto row = sheet.rgb.begin() + (static_cast<int64_t>(y) * sheet.width + left) * 3;
    std::fill(row, row + static_cast<int64_t>(width) * 3, value);
  }
}

void draw_text(Image& sheet, int left, int top, const std::u32string& text, int scale) {
  for (const char32_t c : text) {
    const CaptionGlyph& g = glyph(c);
    for (int y = 0; y < kCaptionGlyphHeight; ++y) {
      for (int x = 0; x < kCaptionGlyphWidth; ++x) {
        if ((g.rows[y] >> (7 - x) & 1) == 0) continue;
        fill(sheet, left + x * scale, top + y * scale, scale, scale, 0);
      }
    }
    left += kCaptionGlyphWidth * scale;
  }
}

// `text` in lines of at most `room` characters, broken at spaces where there are any; what does
// not fit into `lines` lines ends in an ellipsis.
std::vector<std::u32string> wrap(std::u32string text, size_t room, size_t lines) {
  std::vector<std::u32string> out;
  while (text.size() > room && out.size() + 1 < lines) {
    const size_t space = text.rfind(U' ', room);
    const bool at_space = space != std::u32string::npos && space > 0;
    out.push_back(text.substr(0, at_space ? space : room));
    text.erase(0, at_space ? space + 1 : room);
  }
  if (text.size() > room) text = text.substr(0, room - 1) + U'\u2026';
  out.push_back(text);
  return out;
}

void draw_picture(Image& sheet, int left, int top, const Image& picture) {
  fill(sheet, left - 1, top - 1, picture.width + 2, picture.height + 2, kFrame);
  for (int y = 0; y < picture.height; ++y) {
    const auto from = picture.rgb.begin() + static_cast<int64_t>(y) * picture.width * 3;
    const auto to = sheet.rgb.begin() + (static_cast<int64_t>(top + y) * sheet.width + left) * 3;
    std::copy(from, from + static_cast<int64_t>(picture.width) * 3, to);
  }
}

Image fitted(const Image& picture) {
  const double scale = std::min(static_cast<double>(kBoxWidth) / picture.width,
                                static_cast<double>(kBoxHeight) / picture.height);
  const auto side = [&](int length, int most) {
    return std::clamp(static_cast<int>(std::lround(length * scale)), 1, most);
  };
  return resize(picture, side(picture.width, kBoxWidth), side(picture.height, kBoxHeight));
}

int columns_for(size_t cells) { return std::clamp(static_cast<int>(cells), 1, kMaxColumns); }

int sheet_width(int columns) { return std::max(kMinWidth, columns * (kBoxWidth + kGap) + kGap); }

// Where things go; a row is as high as its tallest picture and longest caption.
struct Layout {
  int columns = 1;
  int width = 0;
  int height = 0;
  std::vector<int> row_top;
  std::vector<int> row_picture_height;
};

Layout lay_out(const std::vector<ContactSheetCell>& cells, int title_height) {
  Layout layout;
  const int count = static_cast<int>(cells.size());
  layout.columns = columns_for(cells.size());
  layout.width = sheet_width(layout.columns);
  int top = kGap + title_height + kGap;
  for (int first = 0; first < count; first += layout.columns) {
    int picture = 0;
    size_t lines = 0;
    for (int i = first; i < std::min(count, first + layout.columns); ++i) {
      picture = std::max(picture, cells[static_cast<size_t>(i)].picture.height);
      lines = std::max(lines, cells[static_cast<size_t>(i)].caption.size());
    }
    layout.row_top.push_back(top);
    layout.row_picture_height.push_back(picture);
    top += picture + static_cast<int>(lines) * kLineHeight + kGap / 2 + kGap;
  }
  layout.height = top;
  return layout;
}

void draw_cell(Image& sheet, int left, int top, int picture_height, const ContactSheetCell& cell) {
  const int inset = (kBoxWidth - cell.picture.width) / 2;
  draw_picture(sheet, left + inset, top + picture_height - cell.picture.height, cell.picture);
  int line = top + picture_height + kGap / 2;
  for (const std::string& text : cell.caption) {
    draw_text(sheet, left, line, wrap(code_points(text), kBoxWidth / kCaptionGlyphWidth, 1)[0], 1);
    line += kLineHeight;
  }
}

}  // namespace

Image make_contact_sheet(const std::string& title, const std::vector<ContactSheetCell>& cells) {
  if (cells.size() > kMaxContactSheetCells) {
    fail(ErrorCode::kUsage, "a contact sheet takes at most {} pages, not {}; use a smaller --k",
         kMaxContactSheetCells, cells.size());
  }
  std::vector<ContactSheetCell> small;
  small.reserve(cells.size());
  for (const ContactSheetCell& cell : cells) small.push_back({fitted(cell.picture), cell.caption});
  const int width = sheet_width(columns_for(cells.size()));
  const int room = (width - 2 * kGap) / (kCaptionGlyphWidth * kTitleScale);
  const auto lines = wrap(code_points(title), static_cast<size_t>(room), kTitleLines);
  const Layout layout = lay_out(small, static_cast<int>(lines.size()) * kLineHeight * kTitleScale);
  Image sheet;
  sheet.width = layout.width;
  sheet.height = layout.height;
  sheet.rgb.assign(static_cast<size_t>(sheet.width) * sheet.height * 3, kPaper);
  int top = kGap;
  for (const std::u32string& line : lines) {
    draw_text(sheet, kGap, top, line, kTitleScale);
    top += kLineHeight * kTitleScale;
  }
  for (size_t i = 0; i < small.size(); ++i) {
    const size_t row = i / static_cast<size_t>(layout.columns);
    const int column = static_cast<int>(i) % layout.columns;
    draw_cell(sheet, kGap + column * (kBoxWidth + kGap), layout.row_top[row],
              layout.row_picture_height[row], small[i]);
  }
  return sheet;
}

}  // namespace recto
