#pragma once
// What a page looks like, measured from its words and its picture: lines, cells of tables, entries
// of an index, graphics.

#include <vector>

#include "page/gray.h"
#include "page/reader.h"

namespace recto {

/// Words side by side with small gaps, in fractions of the page.
struct LayoutCell {
  float left = 0;
  float right = 0;
  int words = 0;
};

/// Words at one height, over the whole width of the page, top to bottom.
struct LayoutLine {
  float top = 0;
  float bottom = 0;
  std::vector<LayoutCell> cells;     ///< left to right; a gap wider than the letters are high parts
                                     ///< two
  bool ends_in_page_number = false;  ///< the last word is a page number, after other words or dots
  int words = 0;
};

/// `aspect` is width / height of the page. Words without a box, or outside the page, are left out.
std::vector<LayoutLine> layout_lines(const std::vector<Word>& words, double aspect);

/// Share of the lines that stand in tables: lines of several short cells, of which two or more
/// begin or end where cells of neighbouring lines do. 0..1.
double table_share(const std::vector<LayoutLine>& lines, double aspect);

/// Area of pictures and drawings, a fraction of the page: rectangles around connected dark pixels
/// of `thumbnail` (gray_thumbnail) that are no words, at least 4 % of the page's longer side wide
/// and high. Lines and frames around text are none.
double graphic_share(const GrayImage& thumbnail, const std::vector<Word>& words);

/// Share of pixels darker than 200: the ink of a page.
double ink_share(const GrayImage& thumbnail);

}  // namespace recto
