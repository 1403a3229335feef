#include "page/synthetic_page.h"

#include <algorithm>

#include "page/draw_choice.h"
#include "page/page_blocks.h"

namespace recto {
namespace {

constexpr int kMaxBlocks = 60;
constexpr int kMaxRefused = 3;  // blocks for which the rest of the page is too low

struct BlockShare {
  double share;
  bool (*add)(PageFlow&, Random&);
};

constexpr BlockShare kTextBlocks[] = {{0.58, add_paragraph}, {0.16, add_heading},
                                      {0.1, add_list},       {0.06, add_box},
                                      {0.05, add_table},     {0.05, add_figure}};
constexpr BlockShare kTableBlocks[] = {
    {0.25, add_paragraph}, {0.15, add_heading}, {0.05, add_list}, {0.55, add_table}};
constexpr BlockShare kSlideBlocks[] = {
    {0.2, add_paragraph}, {0.6, add_list}, {0.1, add_box}, {0.1, add_figure}};

template <size_t N>
bool add_block(const BlockShare (&blocks)[N], PageFlow& flow, Random& random) {
  double place = random.uniform();
  for (const BlockShare& block : blocks) {
    place -= block.share;
    if (place < 0) return block.add(flow, random);
  }
  return blocks[0].add(flow, random);
}

template <size_t N>
void fill_page(const BlockShare (&blocks)[N], PageFlow& flow, Random& random) {
  int refused = 0;
  for (int i = 0; i < kMaxBlocks && refused < kMaxRefused; ++i) {
    if (!add_block(blocks, flow, random)) ++refused;
  }
}

/// A few words and the page's number in the margins.
void add_margins(PageFlow& flow, int number, Random& random) {
  const PageStyle& style = flow.style();
  const double size = draw_between(random, 6.5, 9);
  TextFormat format = flow.body(size, false, chance(random, 0.3));
  format.line_height = size * 1.4;
  const double inner = style.width - style.left - style.right;
  const double top = style.top * 0.5 - size, bottom = style.height - style.bottom * 0.55;
  const auto alignment = [&] {
    return draw_of(random, {TextAlignment::kLeft, TextAlignment::kCentred, TextAlignment::kRight});
  };
  const auto write = [&](double y) {
    const TextLine line = flow.take(format, inner, draw_whole(random, 2, 8));
    flow.write(line, format, alignment(), style.left, y, inner, true);
  };
  if (style.header) {
    write(top);
    if (chance(random, 0.5)) {
      flow.canvas().fill(style.left, top + format.line_height, inner, 0.5, style.ink);
    }
  }
  if (!style.footer) return;
  if (chance(random, 0.3)) write(bottom - format.line_height);
  const std::string digits = std::to_string(number);
  if (!format.font->claim(digits)) return;
  flow.write({{digits}, width_of(format, digits)}, format, alignment(), style.left, bottom, inner,
             true);
}

void add_column_rules(PageFlow& flow) {
  const PageStyle& style = flow.style();
  for (int i = 1; i < style.columns && style.column_rules; ++i) {
    const double x = style.left + i * (style.column_width() + style.gutter) - style.gutter / 2;
    flow.canvas().fill(x, style.top, 0.5, style.height - style.top - style.bottom, style.ink);
  }
}

void add_title_page(PageFlow& flow, Random& random) {
  const PageStyle& style = flow.style();
  const TextAlignment alignment =
      chance(random, 0.6) ? TextAlignment::kCentred : TextAlignment::kLeft;
  const auto lines = [&](const TextFormat& format, int least, int most, double gap) {
    add_lines(flow, format, alignment, flow.left(), flow.width(), draw_whole(random, least, most));
    flow.advance(gap);
  };
  flow.advance(style.height * draw_between(random, 0.05, 0.25));
  lines(flow.heading(draw_between(random, 24, 36)), 1, 6, 18);
  if (chance(random, 0.3))
    flow.canvas().fill(flow.left(), flow.y(), flow.width(), 1.5, style.accent);
  flow.advance(12);
  lines(flow.body(draw_between(random, 14, 20), false, chance(random, 0.4)), 3, 10, 40);
  lines(flow.body(draw_between(random, 10, 14)), 2, 5, 12);
  lines(flow.body(draw_between(random, 9, 12)), 2, 12, 30);
  if (chance(random, 0.5)) add_paragraph(flow, random);
}

void add_slide(PageFlow& flow, Random& random) {
  const PageStyle& style = flow.style();
  if (chance(random, 0.3)) flow.canvas().fill(0, 0, style.width, style.top * 0.4, style.accent);
  add_heading(flow, random);
  fill_page(kSlideBlocks, flow, random);
}

void add_content(PageFlow& flow, Random& random) {
  switch (flow.style().kind) {
    case PageKind::kTitle:
      return add_title_page(flow, random);
    case PageKind::kSlide:
      return add_slide(flow, random);
    case PageKind::kTables:
      return fill_page(kTableBlocks, flow, random);
    case PageKind::kText:
      return fill_page(kTextBlocks, flow, random);
  }
}

}  // namespace

std::vector<Word> add_synthetic_page(PageMaterial& material, int number, Random& random) {
  const PageStyle style = draw_page_style(random);
  PageCanvas canvas(style.width, style.height);
  canvas.fill(0, 0, style.width, style.height, style.paper);
  PageFlow flow(material, style, canvas);
  const bool margins = style.kind != PageKind::kTitle && style.kind != PageKind::kSlide;
  if (margins) add_margins(flow, number, random);
  add_column_rules(flow);
  add_content(flow, random);
  material.writer.add_page(style.width, style.height, canvas.content());
  return std::move(canvas.words());
}

}  // namespace recto
