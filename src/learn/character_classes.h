#pragma once
// The characters that a model learns to tell apart when it learns to read.

#include <cstdint>

namespace recto {

/// Of character_class(): nothing, 69 of ASCII, the letters with marks of Latin languages, and one
/// for all others.
int character_class_count();

/// Class 0 is white space; capitals are with their small letters, typographic quotes, dashes and
/// ligatures with what people type.
uint8_t character_class(char32_t code_point);

/// How wide the character is beside others of a proportional font; 1 is an "n".
float character_width(char32_t code_point);

}  // namespace recto
