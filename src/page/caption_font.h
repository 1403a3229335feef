#pragma once
// A small bitmap font for captions: Latin, Greek and Cyrillic, 8 x 13 pixels.

#include <cstdint>

namespace recto {

inline constexpr int kCaptionGlyphWidth = 8;
inline constexpr int kCaptionGlyphHeight = 13;

/// rows[y] has the leftmost pixel in its highest bit.
struct CaptionGlyph {
  uint16_t code_point;
  uint8_t rows[kCaptionGlyphHeight];
};

/// Sorted by code point; U+FFFD, the last, stands for what is missing.
extern const CaptionGlyph kCaptionGlyphs[];
extern const int kCaptionGlyphCount;

}  // namespace recto
