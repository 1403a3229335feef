#pragma once
// How a synthetic page looks, drawn at random.

#include "base/random.h"
#include "page/page_canvas.h"

namespace recto {

enum class PageKind { kText, kTables, kTitle, kSlide };
enum class TextAlignment { kLeft, kJustified, kCentred, kRight };

/// Lengths in points.
struct PageStyle {
  PageKind kind = PageKind::kText;
  double width = 595, height = 842;
  double left = 60, right = 60, top = 60, bottom = 60;  ///< margins
  int columns = 1;
  double gutter = 20;  ///< between columns
  bool column_rules = false;

  InkColor paper, ink, accent;
  double body_size = 10;
  double line_spacing = 1.2;  ///< line height in sizes
  double tracking = 0;        ///< in sizes
  TextAlignment alignment = TextAlignment::kJustified;
  double indent = 0;  ///< of the first line of a paragraph
  double paragraph_gap = 5;

  bool heading_bold = true, heading_italic = false, heading_capitals = false;
  bool heading_numbers = false, heading_rule = false, heading_centred = false;
  bool heading_accent = false;
  bool header = false, footer = false;
  bool capitals = false;  ///< everything

  double column_width() const { return (width - left - right - (columns - 1) * gutter) / columns; }
};

/// The ratio by which WCAG 2 measures contrast, from 1 to 21.
double contrast(const InkColor& a, const InkColor& b);

/// A colour with which letters can be read on `paper` (contrast of at least 4.5).
InkColor draw_ink(const InkColor& paper, Random& random);
/// A shade near `paper`, for boxes and rows of tables.
InkColor shade_of(const InkColor& paper, Random& random);

PageStyle draw_page_style(Random& random);

}  // namespace recto
