#pragma once
// Style and script of report.html, private to it.

#include <string>

namespace recto {

std::string curation_style();
/// Reads what it shows from the page's attributes, and writes texts as text, never as HTML.
std::string curation_script();

}  // namespace recto
