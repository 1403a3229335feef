// Tables of a synthetic page.
#include <fmt/format.h>

#include <algorithm>

#include "page/draw_choice.h"
#include "page/page_blocks.h"

namespace recto {
namespace {

struct TableLook {
  int rows = 4, columns = 3;
  double row_height = 14, padding = 4;
  bool row_rules = true, column_rules = false, header_shade = false, striped = false;
  double numbers = 0.3;  ///< how many cells hold one
  InkColor shade, rule;
  std::vector<double> widths;  ///< of the columns
};

void draw_widths(TableLook& look, double width, Random& random) {
  std::vector<double> parts;
  double all = 0;
  for (int i = 0; i < look.columns; ++i) {
    parts.push_back(draw_between(random, 0.6, 1.6));
    all += parts.back();
  }
  for (const double part : parts) look.widths.push_back(width * part / all);
}

TableLook draw_look(const PageFlow& flow, const TextFormat& format, Random& random) {
  const PageStyle& style = flow.style();
  TableLook look;
  look.rows = draw_whole(random, 3, style.kind == PageKind::kTables ? 18 : 9);
  const int most = static_cast<int>(flow.width() / (7 * format.size));
  look.columns = std::clamp(draw_whole(random, 2, 6), 2, std::max(2, most));
  look.padding = format.size * draw_between(random, 0.35, 0.6);
  look.row_height = std::max(format.line_height, format.size * draw_between(random, 1.25, 2));
  look.row_rules = chance(random, 0.6);
  look.column_rules = look.row_rules && chance(random, 0.5);
  look.header_shade = chance(random, 0.4);
  look.striped = chance(random, 0.3);
  look.numbers = draw_between(random, 0, 0.6);
  look.shade = shade_of(style.paper, random);
  look.rule = chance(random, 0.7) ? style.ink : style.accent;
  draw_widths(look, flow.width(), random);
  return look;
}

std::string draw_number(Random& random) {
  const int whole = draw_whole(random, 0, chance(random, 0.3) ? 99999 : 999);
  switch (random.below(4)) {
    case 0:
      return fmt::format("{}.{:02}", whole, draw_whole(random, 0, 99));
    case 1:
      return fmt::format("{},{}", whole, draw_whole(random, 0, 9));
    case 2:
      return fmt::format("{}%", whole % 101);
    default:
      return std::to_string(whole);
  }
}

void write_cell(PageFlow& flow, const TableLook& look, const TextFormat& format, double x, double y,
                double width, bool number, Random& random) {
  TextFormat cell = format;
  cell.line_height = look.row_height;
  const double inner = width - 2 * look.padding;
  if (!number) {
    const TextLine line = flow.take(cell, inner, draw_whole(random, 1, 5));
    flow.write(line, cell, TextAlignment::kLeft, x + look.padding, y, inner, true);
    return;
  }
  const std::string text = draw_number(random);
  const double wide = width_of(cell, text);
  if (wide <= inner) flow.write_mark(text, cell, x + width - look.padding - wide, y);
}

void write_row(PageFlow& flow, const TableLook& look, const TextFormat& format, int row, double y,
               Random& random) {
  const bool shaded = row == 0 ? look.header_shade : look.striped && row % 2 == 0;
  TextFormat letters = format;
  if (shaded) {
    flow.canvas().fill(flow.left(), y, flow.width(), look.row_height, look.shade);
    letters.ink = flow.ink_on(look.shade);
  }
  double x = flow.left();
  for (size_t column = 0; column < look.widths.size(); ++column) {
    const bool number = row > 0 && column > 0 && chance(random, look.numbers);
    write_cell(flow, look, letters, x, y, look.widths[column], number, random);
    x += look.widths[column];
  }
}

void draw_rules(PageFlow& flow, const TableLook& look, double top, int rows) {
  constexpr double kThin = 0.5;
  const double height = rows * look.row_height;
  for (int row = 0; row <= rows; ++row) {
    if (row > 1 && row < rows && !look.row_rules) continue;
    flow.canvas().fill(flow.left(), top + row * look.row_height - kThin / 2, flow.width(), kThin,
                       look.rule);
  }
  if (!look.column_rules) return;
  double x = flow.left();
  for (size_t i = 0; i <= look.widths.size(); ++i) {
    flow.canvas().fill(x - kThin / 2, top, kThin, height, look.rule);
    if (i < look.widths.size()) x += look.widths[i];
  }
}

}  // namespace

bool add_table(PageFlow& flow, Random& random) {
  const PageStyle& style = flow.style();
  const double size = std::max(6.5, style.body_size * draw_between(random, 0.8, 1));
  const TextFormat format = flow.body(size);
  const TextFormat header = flow.body(size, chance(random, 0.7));
  const TableLook look = draw_look(flow, format, random);
  if (!flow.make_room(4 * look.row_height)) return false;
  const bool above = chance(random, 0.5);
  const int words = draw_whole(random, 3, 12);
  const TextFormat caption = flow.body(size, false, chance(random, 0.4));
  if (above && !add_lines(flow, caption, TextAlignment::kLeft, flow.left(), flow.width(), words)) {
    return false;
  }
  flow.advance(size * 0.4);
  const int rows = std::min(look.rows, static_cast<int>(flow.left_over() / look.row_height));
  if (rows < 2) return flow.make_room(look.row_height * 2);
  for (int row = 0; row < rows; ++row) {
    write_row(flow, look, row == 0 ? header : format, row, flow.y() + row * look.row_height,
              random);
  }
  draw_rules(flow, look, flow.y(), rows);
  flow.advance(rows * look.row_height + size * 0.5);
  if (!above && !add_lines(flow, caption, TextAlignment::kLeft, flow.left(), flow.width(), words)) {
    return false;
  }
  flow.advance(style.paragraph_gap + size);
  return true;
}

}  // namespace recto
