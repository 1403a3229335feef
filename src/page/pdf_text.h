#pragma once
// Texts as PDFium hands them out, turned into clean UTF-8.

#include <span>
#include <string>
#include <string_view>

#include "page/reader.h"

namespace recto {

/// One character of a page's text layer, in reading order. The box is in fractions of the page,
/// origin top left; PDFium inserts characters of its own (spaces, line ends) whose box is empty.
struct TextCharacter {
  char32_t code = 0;         ///< a UTF-16 unit or a code point, as PDFium gives it
  bool line_hyphen = false;  ///< a hyphen at a line's end that divides a word
  float left = 0, top = 0, right = 0, bottom = 0;
};

/// Joins surrogate pairs, drops control characters and soft hyphens, ends lines with \n without
/// spaces before it, and rejoins words divided at a line's end. A divided word is one in the text
/// and two in `words`, each part where it stands.
PageText assemble_text(std::span<const TextCharacter> characters);

/// UTF-16LE with a final zero, as PDFium's functions fill it in, to UTF-8 with white space folded
/// and control characters dropped, of at most `max_characters`.
std::string clean_title(std::span<const char16_t> units, size_t max_characters = 1000);

}  // namespace recto
