#pragma once
// Found pages side by side in one picture, each with its caption.

#include <cstddef>
#include <string>
#include <vector>

#include "page/image.h"

namespace recto {

struct ContactSheetCell {
  Image picture;
  std::vector<std::string> caption;  ///< lines of UTF-8, cut with an ellipsis where too long
};

/// Most cells a sheet takes.
inline constexpr size_t kMaxContactSheetCells = 100;

/// Up to five pictures a row, each fitted into a box of 320 x 452 pixels with its caption below,
/// under `title` (wrapped to at most three lines). Characters outside Latin, Greek and Cyrillic
/// are drawn as U+FFFD. Throws Error(kUsage) for more than kMaxContactSheetCells cells.
Image make_contact_sheet(const std::string& title, const std::vector<ContactSheetCell>& cells);

}  // namespace recto
