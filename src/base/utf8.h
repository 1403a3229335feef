#pragma once
// UTF-8, strictly: no overlong forms, no surrogates, nothing above U+10FFFF.

#include <cstddef>
#include <string>
#include <string_view>

namespace recto {

/// True when `text` is well-formed UTF-8.
bool is_valid_utf8(std::string_view text);

/// Reads one code point at `position` and moves past it. Ill-formed bytes give U+FFFD and move by
/// one byte. `position` must be < text.size().
char32_t decode_utf8(std::string_view text, size_t& position);

/// Appends the UTF-8 form of `code_point`.
void append_utf8(std::string& text, char32_t code_point);

/// 3 when the text begins with the byte order mark that some editors put there, 0 otherwise.
size_t byte_order_mark_size(std::string_view text);

/// `text` with every ill-formed byte replaced by U+FFFD.
std::string replace_invalid_utf8(std::string_view text);

}  // namespace recto
