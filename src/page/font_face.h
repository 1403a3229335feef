#pragma once
// What a page needs of a TrueType or OpenType font file: which glyph draws a character, how wide it
// is, and what a PDF must say about the font. Outlines are left to whoever renders.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recto {

/// One font file. Lengths are in units of the font: `units_per_em` of them are its size.
struct FontFace {
  std::string bytes;   ///< the whole file
  std::string family;  ///< printable ASCII, shared by the faces of a family
  bool bold = false;
  bool italic = false;
  bool compact = false;  ///< outlines in CFF, not TrueType
  int units_per_em = 0;
  int ascent = 0;
  int descent = 0;  ///< below 0
  std::array<int, 4> bounds{};
  std::vector<uint16_t> advances;                        ///< of each glyph
  std::vector<std::pair<char32_t, uint16_t>> character;  ///< to glyph, by code, up to U+FFFF

  /// The glyph of `code`, 0 when the font lacks it.
  uint16_t glyph(char32_t code) const;
  /// Whether it has every character of `text`, which must be valid UTF-8.
  bool covers(std::string_view text) const;
  double advance(uint16_t glyph) const;  ///< in parts of the size
};

/// Reads the tables head, hhea, maxp, hmtx, cmap (formats 4 and 12), name, OS/2. `name` is for
/// messages and stands for the family where the file names none. Throws Error(kBadInput) for bytes
/// that are no such font or lack a space, Error(kUnsupported) without Unicode or outlines.
FontFace read_font_face(std::string bytes, const std::string& name);

}  // namespace recto
