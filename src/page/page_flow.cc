#include "page/page_flow.h"

#include <algorithm>

namespace recto {
namespace {

constexpr double kMaxStretch = 1.2;  // of a space in a justified line, in sizes
constexpr double kReadable = 4.5;

/// The baseline of a line of text whose top is at `y`: ascent and descent in the middle.
double baseline(const TextFormat& format, double y) {
  const FontFace& face = format.font->face();
  const double unit = format.size / face.units_per_em;
  const double tall = (face.ascent - face.descent) * unit;
  return y + (format.line_height - tall) / 2 + face.ascent * unit;
}

}  // namespace

PageFlow::PageFlow(PageMaterial& material, const PageStyle& style, PageCanvas& canvas)
    : material_(material), style_(style), canvas_(canvas), y_(style.top) {}

double PageFlow::left() const { return style_.left + column_ * (width() + style_.gutter); }

bool PageFlow::make_room(double height) {
  if (height <= left_over()) return true;
  if (column_ + 1 >= style_.columns) return false;
  ++column_;
  y_ = style_.top;
  return height <= left_over();
}

TextFormat PageFlow::format(const FontFace& face, double size) {
  return {&material_.writer.font(face), size, style_.tracking * size, size * style_.line_spacing,
          style_.ink};
}

TextFormat PageFlow::body(double size, bool bold, bool italic) {
  return format(material_.body.face(bold, italic), size);
}

TextFormat PageFlow::heading(double size) {
  TextFormat heading =
      format(material_.heading.face(style_.heading_bold, style_.heading_italic), size);
  heading.line_height = size * 1.2;
  if (style_.heading_accent) heading.ink = style_.accent;
  return heading;
}

InkColor PageFlow::ink_on(const InkColor& shade) const {
  if (contrast(style_.ink, shade) >= kReadable) return style_.ink;
  const InkColor black{0, 0, 0}, white{1, 1, 1};
  return contrast(black, shade) > contrast(white, shade) ? black : white;
}

TextLine PageFlow::take(const TextFormat& format, double width, int most) {
  return take_line(material_.words, format, width, most, style_.capitals);
}

void PageFlow::write(const TextLine& line, const TextFormat& format, TextAlignment alignment,
                     double x, double y, double width, bool last) {
  const double rest = width - line.width;
  double stretch = 0;
  if (alignment == TextAlignment::kCentred) x += rest / 2;
  if (alignment == TextAlignment::kRight) x += rest;
  if (alignment == TextAlignment::kJustified && !last && line.words.size() > 1) {
    stretch = rest / static_cast<double>(line.words.size() - 1);
    if (stretch > kMaxStretch * format.size) stretch = 0;
  }
  canvas_.write(line, format, x, baseline(format, y), stretch);
}

bool PageFlow::write_mark(const std::string& mark, const TextFormat& format, double x, double y) {
  if (!format.font->claim(mark)) return false;
  canvas_.write({{mark}, width_of(format, mark)}, format, x, baseline(format, y));
  return true;
}

}  // namespace recto
