#pragma once
// Captions of figures and titles of tables, found by their labels ("Figure 3.1:", "Tabelle 2:")
// and in lists of figures and tables.

#include <string>
#include <string_view>
#include <vector>

#include "curate/document_text.h"

namespace recto {

enum class CaptionKind { kFigure, kTable };

/// The start of a line that labels a figure or table.
struct CaptionLabel {
  std::string number;   ///< "3", "3.1", "A-2"; "" when the line begins with no label
  std::string text;     ///< behind it, white space folded
  bool clear = false;   ///< a colon or dash stands between: what follows is a caption
  bool dotted = false;  ///< a full stop stands between: the label may also end a sentence
};

/// Knows the words of Latin-script languages, Russian, Chinese and Japanese, written with a capital
/// or in capitals.
CaptionLabel parse_caption_label(std::string_view line, CaptionKind kind);

struct Caption {
  std::string number;
  std::string text;  ///< without label, and without the full stop at its end; up to one sentence
  int page = 0;
};

/// Captions that stand on pages, in page order. Where the label alone does not tell (no colon), the
/// line before must be at an end, or a list of figures or tables must name the number.
std::vector<Caption> find_captions(DocumentText& text, CaptionKind kind);

/// Entries of the lists of figures or tables. `page` is the one whose printed number the entry
/// gives, when its words stand there or on the page beside; else 0.
std::vector<Caption> find_listed_captions(DocumentText& text, CaptionKind kind);

}  // namespace recto
