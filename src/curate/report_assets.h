#pragma once
// Style and script of report.html, private to it.

#include <string_view>

namespace recto {

std::string_view report_style();
/// Reads what it shows from the page's attributes, and writes texts as text, never as HTML.
std::string_view report_script();

}  // namespace recto
