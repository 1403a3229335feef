#include "page/page_blocks.h"

#include <fmt/format.h>

#include <algorithm>

#include "page/draw_choice.h"

namespace recto {
namespace {

constexpr double kLeastHeading = 14, kMostHeading = 36;  // points

/// Smaller sizes more often.
double draw_heading_size(const PageFlow& flow, Random& random) {
  const double part = random.uniform();
  const double drawn = kLeastHeading + (kMostHeading - kLeastHeading) * part * part;
  return std::min(drawn, std::max(kLeastHeading, flow.width() / 9));
}

std::string draw_section_number(Random& random) {
  std::string number = std::to_string(draw_whole(random, 1, 14));
  for (int depth = draw_whole(random, 0, 2); depth > 0; --depth) {
    number += fmt::format(".{}", draw_whole(random, 1, 12));
  }
  return number;
}

/// Several lines at once, for what must know its height before it is drawn.
std::vector<TextLine> take_lines(PageFlow& flow, const TextFormat& format, double width, int words,
                                 size_t most_lines) {
  std::vector<TextLine> lines;
  while (words > 0 && lines.size() < most_lines) {
    TextLine line = flow.take(format, width, words);
    if (line.words.empty()) break;
    words -= static_cast<int>(line.words.size());
    lines.push_back(std::move(line));
  }
  return lines;
}

void write_lines(PageFlow& flow, const std::vector<TextLine>& lines, const TextFormat& format,
                 TextAlignment alignment, double x, double width) {
  for (size_t i = 0; i < lines.size(); ++i) {
    flow.write(lines[i], format, alignment, x, flow.y(), width, i + 1 == lines.size());
    flow.advance(format.line_height);
  }
}

std::string list_mark(int kind, int item) {
  switch (kind) {
    case 0:
      return "\xE2\x80\xA2";  // bullet
    case 1:
      return "\xE2\x80\x93";  // en dash
    case 2:
      return fmt::format("{}.", item);
    case 3:
      return fmt::format("({})", item);
    default:
      return fmt::format("{})", static_cast<char>('a' + (item - 1) % 26));
  }
}

}  // namespace

bool add_lines(PageFlow& flow, const TextFormat& format, TextAlignment alignment, double x,
               double width, int words, double first_indent) {
  const double offset = x - flow.left();
  double indent = first_indent;
  while (words > 0) {
    if (!flow.make_room(format.line_height)) return false;
    const TextLine line = flow.take(format, width - indent, words);
    if (line.words.empty()) return true;
    words -= static_cast<int>(line.words.size());
    flow.write(line, format, alignment, flow.left() + offset + indent, flow.y(), width - indent,
               words <= 0);
    flow.advance(format.line_height);
    indent = 0;
  }
  return true;
}

bool add_paragraph(PageFlow& flow, Random& random) {
  const PageStyle& style = flow.style();
  const double face = random.uniform();
  const TextFormat format = flow.body(style.body_size, face < 0.05, face > 0.9);
  const double inset = chance(random, 0.07) ? 2 * style.body_size : 0;
  const int words = draw_whole(random, 12, style.kind == PageKind::kSlide ? 30 : 110);
  if (!add_lines(flow, format, style.alignment, flow.left() + inset, flow.width() - 2 * inset,
                 words, style.indent)) {
    return false;
  }
  flow.advance(style.paragraph_gap);
  return true;
}

bool add_heading(PageFlow& flow, Random& random) {
  const PageStyle& style = flow.style();
  const TextFormat format = flow.heading(draw_heading_size(flow, random));
  if (flow.y() > style.top) flow.advance(format.size * 0.5);
  const std::string number = style.heading_numbers ? draw_section_number(random) : "";
  const double indent =
      number.empty() ? 0 : width_of(format, number) + format.size * draw_between(random, 0.5, 1.2);
  TextFormat measured = format;
  std::vector<TextLine> lines;
  const int words = draw_whole(random, 1, 7);
  for (int left = words; left > 0 && lines.size() < 3;) {
    lines.push_back(take_line(flow.words(), measured, flow.width() - indent, left,
                              style.heading_capitals || style.capitals));
    if (lines.back().words.empty()) break;
    left -= static_cast<int>(lines.back().words.size());
  }
  // With a line of the text below it.
  const double height = static_cast<double>(lines.size()) * format.line_height;
  if (!flow.make_room(height + 2 * style.body_size)) return false;
  const bool centred = style.heading_centred && number.empty();
  if (!number.empty()) flow.write_mark(number, format, flow.left(), flow.y());
  write_lines(flow, lines, format, centred ? TextAlignment::kCentred : TextAlignment::kLeft,
              flow.left() + indent, flow.width() - indent);
  if (style.heading_rule)
    flow.canvas().fill(flow.left(), flow.y(), flow.width(), 0.8, style.accent);
  flow.advance(format.size * 0.35);
  return true;
}

bool add_list(PageFlow& flow, Random& random) {
  const PageStyle& style = flow.style();
  const TextFormat format = flow.body(style.body_size);
  const int kind = draw_whole(random, 0, 4), items = draw_whole(random, 2, 7);
  const double indent = style.body_size * draw_between(random, 0, 1.5);
  const double hanging = std::max(style.body_size * draw_between(random, 1.6, 2.4),
                                  width_of(format, list_mark(kind, items)) + style.body_size * 0.6);
  const int most = style.kind == PageKind::kSlide ? 12 : 24;
  for (int item = 1; item <= items; ++item) {
    if (!flow.make_room(format.line_height)) return false;
    flow.write_mark(list_mark(kind, item), format, flow.left() + indent, flow.y());
    const TextAlignment alignment = style.alignment == TextAlignment::kJustified
                                        ? TextAlignment::kJustified
                                        : TextAlignment::kLeft;
    if (!add_lines(flow, format, alignment, flow.left() + indent + hanging,
                   flow.width() - indent - hanging, draw_whole(random, 2, most))) {
      return false;
    }
    flow.advance(style.paragraph_gap * 0.5);
  }
  flow.advance(style.paragraph_gap);
  return true;
}

bool add_box(PageFlow& flow, Random& random) {
  const PageStyle& style = flow.style();
  const double padding = style.body_size * draw_between(random, 0.6, 1.2);
  TextFormat format = flow.body(style.body_size, chance(random, 0.2), chance(random, 0.1));
  const InkColor shade = chance(random, 0.25) ? style.accent : shade_of(style.paper, random);
  format.ink = flow.ink_on(shade);
  const std::vector<TextLine> lines =
      take_lines(flow, format, flow.width() - 2 * padding, draw_whole(random, 6, 60), 12);
  const double height = static_cast<double>(lines.size()) * format.line_height + 2 * padding;
  if (!flow.make_room(height)) return false;
  flow.canvas().fill(flow.left(), flow.y(), flow.width(), height, shade);
  flow.advance(padding);
  write_lines(flow, lines, format, style.alignment, flow.left() + padding,
              flow.width() - 2 * padding);
  flow.advance(padding + style.body_size);
  return true;
}

bool add_figure(PageFlow& flow, Random& random) {
  const PageStyle& style = flow.style();
  const TextFormat format =
      flow.body(std::max(6.5, style.body_size * 0.85), false, chance(random, 0.5));
  const double height = flow.width() * draw_between(random, 0.15, 0.5);
  if (!flow.make_room(height + 3 * format.line_height)) return false;
  const double width = flow.width() * draw_between(random, 0.6, 1);
  const double x = flow.left() + (flow.width() - width) / 2;
  flow.canvas().fill(x, flow.y(), width, height, shade_of(style.paper, random));
  const int bars = draw_whole(random, 0, 9);
  for (int i = 0; i < bars; ++i) {
    const double tall = height * draw_between(random, 0.1, 0.9), step = width / (bars + 1);
    flow.canvas().fill(x + step * (i + 0.6), flow.y() + height - tall, step * 0.7, tall,
                       i % 2 == 0 ? style.accent : shade_of(style.accent, random));
  }
  flow.advance(height + style.body_size * 0.4);
  const TextAlignment alignment =
      chance(random, 0.5) ? TextAlignment::kCentred : TextAlignment::kLeft;
  if (!add_lines(flow, format, alignment, flow.left(), flow.width(), draw_whole(random, 3, 18))) {
    return false;
  }
  flow.advance(style.paragraph_gap + style.body_size * 0.5);
  return true;
}

}  // namespace recto
