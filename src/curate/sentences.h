#pragma once
// Sentences out of a page's text.

#include <string>
#include <string_view>
#include <vector>

namespace recto {

/// Whole sentences of running text, in order, lines joined: each begins with a capital (or an East
/// Asian character) at the start of the text, of a paragraph, or behind the end of another
/// sentence, and ends in a full stop. A line of less than 60 % of the page's long lines ends a
/// paragraph, so that headings and items of lists do not run into sentences. Abbreviations
/// ("e.g.", "bzw.", single letters) end none.
std::vector<std::string> split_sentences(const std::vector<std::string>& lines);

}  // namespace recto
