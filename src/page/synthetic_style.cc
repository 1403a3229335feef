#include "page/synthetic_style.h"

#include <algorithm>
#include <cmath>

#include "page/draw_choice.h"

namespace recto {
namespace {

constexpr double kReadable = 4.5;  // WCAG 2, level AA
constexpr InkColor kBlack{0, 0, 0}, kWhite{1, 1, 1};

double luminance(const InkColor& color) {
  const auto linear = [](double part) {
    return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue);
}

InkColor any_color(Random& random, double least, double most) {
  const double red = draw_between(random, least, most);
  const double green = draw_between(random, least, most);
  return {red, green, draw_between(random, least, most)};
}

InkColor draw_paper(Random& random) {
  const double kind = random.uniform();
  if (kind < 0.68) return kWhite;
  if (kind < 0.87) return any_color(random, 0.85, 1.0);
  if (kind < 0.92) return any_color(random, 0.4, 0.9);
  return any_color(random, 0.0, 0.3);
}

void draw_size(PageStyle& style, Random& random) {
  const double size = random.uniform();
  if (style.kind == PageKind::kSlide) {
    style.height = 540;
    style.width = chance(random, 0.5) ? 720 : 960;
  } else if (size < 0.5) {
    style.width = 595.28, style.height = 841.89;
  } else if (size < 0.8) {
    style.width = 612, style.height = 792;
  } else {
    style.width = 419.53, style.height = 595.28;
  }
}

void draw_margins(PageStyle& style, Random& random) {
  const double least = 0.06, most = style.kind == PageKind::kSlide ? 0.1 : 0.16;
  style.left = style.width * draw_between(random, least, most);
  style.right = chance(random, 0.7) ? style.left : style.width * draw_between(random, least, most);
  style.top = style.height * draw_between(random, 0.07, 0.13);
  style.bottom = style.height * draw_between(random, 0.07, 0.13);
}

void draw_columns(PageStyle& style, Random& random) {
  const double count = random.uniform();
  style.columns = count < 0.55 ? 1 : (count < 0.87 ? 2 : 3);
  if (style.kind == PageKind::kTitle || style.kind == PageKind::kSlide) style.columns = 1;
  if (style.width < 500) style.columns = std::min(style.columns, 2);
  style.gutter = draw_between(random, 14, 28);
  style.column_rules = chance(random, 0.15);
}

void draw_letters(PageStyle& style, Random& random) {
  // Three draws in four lie between 9 and 12 points.
  style.body_size =
      chance(random, 0.75) ? draw_between(random, 9, 12) : draw_between(random, 7, 14);
  if (style.kind == PageKind::kSlide) style.body_size = draw_between(random, 14, 24);
  style.line_spacing = draw_between(random, 1.0, 1.6);
  style.tracking = chance(random, 0.12) ? draw_between(random, -0.01, 0.06) : 0.0;
  const double kind = random.uniform();
  style.alignment = kind < 0.5    ? TextAlignment::kJustified
                    : kind < 0.88 ? TextAlignment::kLeft
                    : kind < 0.96 ? TextAlignment::kCentred
                                  : TextAlignment::kRight;
  const bool indented = chance(random, 0.35);
  style.indent = indented ? style.body_size * draw_between(random, 1, 2) : 0;
  style.paragraph_gap = style.body_size * (indented ? 0.1 : draw_between(random, 0.3, 1.1));
  style.capitals = chance(random, 0.03);
}

void draw_headings(PageStyle& style, Random& random) {
  style.heading_bold = chance(random, 0.7);
  style.heading_italic = chance(random, 0.12);
  style.heading_capitals = chance(random, 0.12);
  style.heading_numbers = chance(random, 0.5);
  style.heading_rule = chance(random, 0.15);
  style.heading_centred = chance(random, 0.15);
  style.heading_accent = chance(random, 0.4);
  style.header = chance(random, 0.5);
  style.footer = chance(random, 0.7);
}

}  // namespace

double contrast(const InkColor& a, const InkColor& b) {
  const double first = luminance(a), second = luminance(b);
  return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

InkColor draw_ink(const InkColor& paper, Random& random) {
  for (int tries = 0; tries < 20; ++tries) {
    const InkColor ink = any_color(random, 0, 1);
    if (contrast(ink, paper) >= kReadable) return ink;
  }
  return contrast(kBlack, paper) > contrast(kWhite, paper) ? kBlack : kWhite;
}

InkColor shade_of(const InkColor& paper, Random& random) {
  const double part = draw_between(random, 0.05, 0.2);
  const InkColor towards = any_color(random, 0, 1);
  const auto mixed = [&](double a, double b) { return a + (b - a) * part; };
  return {mixed(paper.red, towards.red), mixed(paper.green, towards.green),
          mixed(paper.blue, towards.blue)};
}

PageStyle draw_page_style(Random& random) {
  PageStyle style;
  const double kind = random.uniform();
  style.kind = kind < 0.68   ? PageKind::kText
               : kind < 0.82 ? PageKind::kTables
               : kind < 0.88 ? PageKind::kTitle
                             : PageKind::kSlide;
  draw_size(style, random);
  draw_margins(style, random);
  draw_columns(style, random);
  draw_letters(style, random);
  draw_headings(style, random);
  style.paper = draw_paper(random);
  const bool plain = chance(random, 0.65);
  const InkColor dark =
      contrast(kBlack, style.paper) > contrast(kWhite, style.paper) ? kBlack : kWhite;
  style.ink = plain ? dark : draw_ink(style.paper, random);
  style.accent = draw_ink(style.paper, random);
  return style;
}

}  // namespace recto
