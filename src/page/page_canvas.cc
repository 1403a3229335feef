#include "page/page_canvas.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/utf8.h"

namespace recto {
namespace {

std::string glyphs_of(const FontFace& face, std::string_view text) {
  std::string digits;
  for (size_t at = 0; at < text.size();) {
    digits += fmt::format("{:04X}", face.glyph(decode_utf8(text, at)));
  }
  return digits;
}

}  // namespace

double width_of(const TextFormat& format, std::string_view word) {
  const FontFace& face = format.font->face();
  double width = 0;
  for (size_t at = 0; at < word.size();) {
    width += face.advance(face.glyph(decode_utf8(word, at))) * format.size + format.tracking;
  }
  return width;
}

double space_of(const TextFormat& format) { return width_of(format, " "); }

void PageCanvas::fill(double x, double y, double width, double height, const InkColor& color) {
  fmt::format_to(std::back_inserter(content_),
                 "{:.3f} {:.3f} {:.3f} rg {:.2f} {:.2f} {:.2f} {:.2f} re f\n", color.red,
                 color.green, color.blue, x, height_ - y - height, width, height);
}

void PageCanvas::write(const TextLine& line, const TextFormat& format, double x, double y,
                       double stretch) {
  if (line.words.empty()) return;
  const FontFace& face = format.font->face();
  std::string shown;
  double at = x;
  for (const std::string& word : line.words) {
    if (!shown.empty()) {
      // A number in the list moves to the left, by thousandths of the size.
      shown += fmt::format("{:04X}> {:.1f} <", face.glyph(' '), -1000 * stretch / format.size);
      at += space_of(format) + stretch;
    }
    shown += glyphs_of(face, word);
    const double width = width_of(format, word);
    remember(word, format, at, y, width - format.tracking);
    at += width;
  }
  fmt::format_to(std::back_inserter(content_),
                 "BT {:.3f} {:.3f} {:.3f} rg /{} {:.2f} Tf {:.3f} Tc {:.2f} {:.2f} Td [<{}>] TJ "
                 "ET\n",
                 format.ink.red, format.ink.green, format.ink.blue, format.font->name(),
                 format.size, format.tracking, x, height_ - y, shown);
}

void PageCanvas::remember(const std::string& word, const TextFormat& format, double x, double y,
                          double width) {
  const FontFace& face = format.font->face();
  const double unit = format.size / face.units_per_em;
  const auto part = [](double length, double of) {
    return static_cast<float>(std::clamp(length / of, 0.0, 1.0));
  };
  words_.push_back({word, part(x, width_), part(y - face.ascent * unit, height_),
                    part(x + width, width_), part(y - face.descent * unit, height_)});
}

}  // namespace recto
