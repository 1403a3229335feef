#pragma once
// Whether the text layer of a page can be relied on, or the page must be read by OCR.

#include <string>
#include <string_view>

namespace recto {

struct TextCheck {
  /// "" for a sound text. Else what is wrong: "replacement characters", "glyph names", "UTF-8 read
  /// as Latin-1", "letters of another alphabet read as Latin", "too few vowels", "symbols for
  /// letters".
  std::string problem;
  double score = 0;      ///< the share that decided
  double threshold = 0;  ///< what it was compared with
  bool broken() const { return !problem.empty(); }
};

/// Tests `text` (any bytes) for fonts that name no characters and for wrong encodings. A text of
/// fewer than 20 characters besides white space is never called broken: it says too little.
TextCheck check_text(std::string_view text);

/// Characters of `text` besides white space.
int count_characters(std::string_view text);

struct OcrRule {
  int min_characters = 50;  ///< a page with fewer and with ink is one whose text is not in the file
  double min_ink = 0.01;    ///< share of dark pixels (page_class.h)
};

/// Why the page should be read by OCR: "no text layer", the problem of check_text(), or "" when its
/// own text will do.
std::string ocr_reason(std::string_view text, double ink, const OcrRule& rule = {});

}  // namespace recto
