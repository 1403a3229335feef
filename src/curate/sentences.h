#pragma once
// Sentences out of a page's text.

#include <string>
#include <string_view>
#include <vector>

namespace recto {

/// Whole sentences of running text, in order, lines joined: each begins with a capital (or an East
/// Asian character) at the start of the text or behind the end of another sentence, and ends in a
/// full stop. Abbreviations ("e.g.", "bzw.", single letters) end none. What program text, tables
/// and lists leave between is skipped.
std::vector<std::string> split_sentences(std::string_view text);

}  // namespace recto
