#pragma once
// Where the next line of a synthetic page goes, and what its letters look like.

#include "page/font_library.h"
#include "page/page_canvas.h"
#include "page/page_text_flow.h"
#include "page/synthetic_style.h"

namespace recto {

/// What the pages of a document are made of. All of it must outlive what uses it.
struct PageMaterial {
  WordQueue& words;
  PdfWriter& writer;
  const FontFamily& body;
  const FontFamily& heading;
};

/// Fills the columns of a page one after the other, from the top.
class PageFlow {
 public:
  PageFlow(PageMaterial& material, const PageStyle& style, PageCanvas& canvas);

  const PageStyle& style() const { return style_; }
  PageCanvas& canvas() { return canvas_; }
  WordQueue& words() { return material_.words; }

  double left() const;  ///< of the column
  double width() const { return style_.column_width(); }
  double y() const { return y_; }
  double left_over() const { return style_.height - style_.bottom - y_; }
  /// Moves to the next column where less than `height` is left; false when there is none.
  bool make_room(double height);
  void advance(double height) { y_ += height; }

  TextFormat body(double size, bool bold = false, bool italic = false);
  TextFormat heading(double size);
  /// Ink for letters on a box of colour `shade`.
  InkColor ink_on(const InkColor& shade) const;

  TextLine take(const TextFormat& format, double width, int most);
  /// Draws `line` in a line of height format.line_height whose top is at `y`, aligned between x and
  /// x + width; justified unless it is the `last` of a paragraph.
  void write(const TextLine& line, const TextFormat& format, TextAlignment alignment, double x,
             double y, double width, bool last);
  /// One piece of text, without its spaces divided; false when the font cannot write it.
  bool write_mark(const std::string& mark, const TextFormat& format, double x, double y);

 private:
  TextFormat format(const FontFace& face, double size);

  PageMaterial& material_;
  const PageStyle& style_;
  PageCanvas& canvas_;
  int column_ = 0;
  double y_;
};

}  // namespace recto
