#pragma once
// What is known of a page from its picture and its text, which may have to be read off the picture.

#include <string>

#include "curate/audit.h"
#include "curate/document.h"
#include "curate/ocr.h"
#include "page/gray.h"
#include "page/image.h"

namespace recto {

/// A page as it was rendered.
struct PageView {
  const Image& image;
  GrayImage gray;       ///< reduce_to_gray(image)
  GrayImage thumbnail;  ///< gray_thumbnail(gray)
  int number = 0;       ///< from 1
  int page_count = 0;

  PageView(const Image& of, int number, int page_count);
};

struct FoundText {
  PageText text;
  std::string source;  ///< "text_layer", "ocr" or "none"
};

/// The text of a page: its text layer; by OCR when that is missing though there is ink, or cannot
/// be relied on (curate/text_check.h). Without a `program`, and where OCR fails, a text layer that
/// cannot be relied on is left out. `language` (BCP 47 or "") is what OCR should expect. Where the
/// text layer will not do, `audit` has a row of stage "text" for `page_id`.
FoundText find_text(const PageView& view, PageText layer, const OcrProgram* program,
                    const std::string& language, const std::string& page_id, Audit& audit);

/// Fills in a CuratedPage but for `sections`. `hint` is the language that is expected.
CuratedPage describe_page(const PageView& view, const FoundText& found, const std::string& hint);

}  // namespace recto
