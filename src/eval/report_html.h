#pragma once
// report.html: what was measured, for people, in one file that loads nothing.

#include <cstddef>
#include <string>

#include "eval/report.h"

namespace recto {

/// The file's content. Systems with intervals, comparisons, bars by language, curves over
/// dimensions, the first two systems query by query, and pages that were found in place of those
/// that answer. Without `picture` pages are named and not shown. The same evaluation gives the same
/// bytes.
std::string report_html(const EvalReport& report, const PagePicture& picture);

}  // namespace recto
