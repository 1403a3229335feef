#pragma once
// The parts of a synthetic page, one below the other. Each function adds one and moves the flow
// below it; false when the page has no room for it, or not for all of it.

#include "base/random.h"
#include "page/page_flow.h"

namespace recto {

bool add_paragraph(PageFlow& flow, Random& random);
/// 14 to 36 points where the column is wide enough; with a number if the style wants them.
bool add_heading(PageFlow& flow, Random& random);
/// Items behind bullets, numbers or letters.
bool add_list(PageFlow& flow, Random& random);
/// Words on a shade or in a dark box.
bool add_box(PageFlow& flow, Random& random);
/// An empty picture with a caption.
bool add_figure(PageFlow& flow, Random& random);
/// Words and numbers in rows and columns, with a caption, rules and shaded rows.
bool add_table(PageFlow& flow, Random& random);

/// Lines of `words` words in all, from x to x + width, as far as there is room; they go on in the
/// next column at the same distance from its left side.
bool add_lines(PageFlow& flow, const TextFormat& format, TextAlignment alignment, double x,
               double width, int words, double first_indent = 0);

}  // namespace recto
