#pragma once
// What kind of page it is: from how much ink it has and how its words stand.

#include "curate/document.h"
#include "page/gray.h"
#include "page/reader.h"

namespace recto {

/// What is measured of a page for its class; docs/curation.md says how.
struct PageMeasures {
  double ink = 0;       ///< ink_share (page_layout.h), 0..1
  double table = 0;     ///< share of the lines in tables
  double graphic = 0;   ///< share of the area that is pictures
  double numbered = 0;  ///< share of the lines that end in a page number
  int lines = 0;
  int words = 0;
  int characters = 0;  ///< of the text, without white space
};

/// `thumbnail` is gray_thumbnail() of the page. `text` may come from the file or from OCR.
PageMeasures measure_page(const GrayImage& thumbnail, const PageText& text);

/// Blank: ink < 0.5 % and fewer than 20 characters. Cover: the first of several pages, with few
/// words. Index: a table of contents, list of figures or index: most lines end in page numbers.
/// Figure, table: most of the page is that. Mixed: text with a figure or a table. Text: the rest.
ContentClass classify_page(const PageMeasures& measures, int number, int page_count);

}  // namespace recto
