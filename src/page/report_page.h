#pragma once
// Pages in an HTML report, small, and enlarged by a click.

#include <string>
#include <string_view>

#include "page/image.h"

namespace recto {

struct ReportPage {
  std::string page_id;
  std::string document;  ///< its title or file name
  int number = 0;        ///< from 1
  std::string licence;   ///< "" when unknown
  std::string jpeg;      ///< as report_thumbnail makes it; "" shows none
  int width = 0, height = 0;
  std::string excerpt;  ///< of its text, to read what the thumbnail is too small for; may be ""
};

/// The page at most `longest_edge` pixels on its longer side, as JPEG of quality 70.
std::string report_thumbnail(const Image& page, int longest_edge = 400);

/// Picture and caption as HTML, everything escaped.
std::string report_figure(const ReportPage& page);

/// The element in which pictures are enlarged, for the end of the body, and the script that does
/// it, which others may follow.
std::string_view report_zoom_dialog();
std::string_view report_zoom_script();

}  // namespace recto
