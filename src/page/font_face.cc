#include "page/font_face.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"

namespace recto {
namespace {

constexpr uint32_t kTrueType = 0x00010000, kAppleTrueType = 0x74727565, kOpenType = 0x4F54544F;
constexpr unsigned kMacintosh = 1;  // the platform whose names are no UTF-16
constexpr char32_t kLastCode = 0xFFFF;
constexpr size_t kMaxNameLength = 60;

/// Big-endian numbers of a part of the file; reading past its end is an error.
class Table {
 public:
  Table(std::string_view bytes, const std::string& font) : bytes_(bytes), font_(&font) {}

  uint16_t u16(size_t at) const { return static_cast<uint16_t>(byte(at) << 8 | byte(at + 1)); }
  int16_t i16(size_t at) const { return static_cast<int16_t>(u16(at)); }
  uint32_t u32(size_t at) const { return uint32_t{u16(at)} << 16 | u16(at + 2); }
  size_t size() const { return bytes_.size(); }
  const std::string& font() const { return *font_; }

  Table part(uint64_t begin, uint64_t length) const {
    if (begin > bytes_.size() || length > bytes_.size() - begin) fail_short();
    return {bytes_.substr(begin, length), *font_};
  }
  Table from(uint64_t begin) const {
    if (begin > bytes_.size()) fail_short();
    return {bytes_.substr(begin), *font_};
  }

 private:
  unsigned byte(size_t at) const {
    if (at >= bytes_.size()) fail_short();
    return static_cast<unsigned char>(bytes_[at]);
  }
  [[noreturn]] void fail_short() const {
    fail(ErrorCode::kBadInput, "{}: the font is truncated or damaged; fetch it again", *font_);
  }

  std::string_view bytes_;
  const std::string* font_;
};

/// The table `tag`; empty when there is none.
Table find_table(const Table& file, std::string_view tag) {
  const uint32_t wanted = Table(tag, file.font()).u32(0);
  const int count = file.u16(4);
  for (int i = 0; i < count; ++i) {
    const size_t entry = 12 + static_cast<size_t>(i) * 16;
    if (file.u32(entry) == wanted) return file.part(file.u32(entry + 8), file.u32(entry + 12));
  }
  return {{}, file.font()};
}

Table need_table(const Table& file, std::string_view tag) {
  const Table table = find_table(file, tag);
  if (table.size() == 0) {
    fail(ErrorCode::kBadInput, "{}: the font has no table \"{}\"", file.font(), tag);
  }
  return table;
}

void read_head(const Table& head, FontFace& face) {
  face.units_per_em = head.u16(18);
  if (face.units_per_em < 16 || face.units_per_em > 16384) {
    fail(ErrorCode::kBadInput, "{}: the font has {} units per em; 16 to 16384 are wanted",
         head.font(), face.units_per_em);
  }
  for (size_t i = 0; i < 4; ++i) face.bounds[i] = head.i16(36 + 2 * i);
  face.bold = (head.u16(44) & 1) != 0;
  face.italic = (head.u16(44) & 2) != 0;
}

void read_advances(const Table& hhea, const Table& hmtx, int glyphs, FontFace& face) {
  const int measured = hhea.u16(34);
  if (measured < 1 || measured > glyphs) {
    fail(ErrorCode::kBadInput, "{}: the font has widths of {} glyphs, but {} glyphs", hhea.font(),
         measured, glyphs);
  }
  face.advances.reserve(static_cast<size_t>(glyphs));
  for (int i = 0; i < glyphs; ++i) {
    face.advances.push_back(hmtx.u16(static_cast<size_t>(std::min(i, measured - 1)) * 4));
  }
}

void add_character(FontFace& face, uint64_t code, uint64_t glyph) {
  if (glyph == 0 || glyph >= face.advances.size() || code > kLastCode) return;
  face.character.emplace_back(static_cast<char32_t>(code), static_cast<uint16_t>(glyph));
}

// Segments of codes: ends, starts, deltas and offsets of lists of glyphs, each an array.
void read_format_4(const Table& map, FontFace& face) {
  const size_t bytes = map.u16(6) & ~1u;  // of one array
  const size_t ends = 14, starts = ends + bytes + 2, deltas = starts + bytes;
  const size_t offsets = deltas + bytes;
  int64_t last = -1;
  for (size_t i = 0; i < bytes; i += 2) {
    const int64_t end = map.u16(ends + i), start = map.u16(starts + i);
    const unsigned delta = map.u16(deltas + i), offset = map.u16(offsets + i);
    for (int64_t code = std::max(start, last + 1); code <= end && code != kLastCode; ++code) {
      unsigned glyph = static_cast<unsigned>(code);
      if (offset != 0) {
        glyph = map.u16(offsets + i + offset + static_cast<size_t>(code - start) * 2);
        if (glyph == 0) continue;
      }
      add_character(face, static_cast<uint64_t>(code), (glyph + delta) & 0xFFFF);
    }
    last = std::max(last, end);
  }
}

// Groups of 12 bytes: first code, last code, first glyph.
void read_format_12(const Table& map, FontFace& face) {
  const uint32_t groups = map.u32(12);
  const Table list = map.part(16, uint64_t{groups} * 12);
  int64_t last = -1;
  for (size_t i = 0; i < groups; ++i) {
    const int64_t first = list.u32(i * 12), glyph = list.u32(i * 12 + 8);
    const int64_t end = std::min<int64_t>(list.u32(i * 12 + 4), kLastCode);
    for (int64_t code = std::max(first, last + 1); code <= end; ++code) {
      add_character(face, static_cast<uint64_t>(code), static_cast<uint64_t>(glyph + code - first));
    }
    last = std::max(last, end);
  }
}

/// 0 for a map that is not of Unicode; the largest is the best.
int preference(unsigned platform, unsigned encoding, unsigned format) {
  const bool unicode = platform == 0 || (platform == 3 && (encoding == 1 || encoding == 10));
  if (!unicode) return 0;
  return format == 12 ? 2 : (format == 4 ? 1 : 0);
}

void read_characters(const Table& cmap, FontFace& face) {
  int best = 0;
  uint32_t place = 0;
  for (size_t i = 0; i < cmap.u16(2); ++i) {
    const size_t entry = 4 + i * 8;
    const uint32_t offset = cmap.u32(entry + 4);
    const int found = preference(cmap.u16(entry), cmap.u16(entry + 2), cmap.from(offset).u16(0));
    if (found <= best) continue;
    best = found;
    place = offset;
  }
  if (best == 0) {
    fail(ErrorCode::kUnsupported, "{}: the font has no Unicode characters (cmap 4 or 12)",
         cmap.font());
  }
  best == 2 ? read_format_12(cmap.from(place), face) : read_format_4(cmap.from(place), face);
  std::sort(face.character.begin(), face.character.end());
}

/// The printable ASCII of a name in UTF-16.
std::string name_text(const Table& text) {
  std::string name;
  for (size_t i = 0; i + 1 < text.size() && name.size() < kMaxNameLength; i += 2) {
    const unsigned c = text.u16(i);
    if (c >= 0x20 && c < 0x7F) name += static_cast<char>(c);
  }
  return name;
}

/// Name 1, by which at most four faces form a family: regular, bold, italic, both.
std::string family_name(const Table& names) {
  if (names.size() < 6) return {};
  const Table texts = names.from(names.u16(4));
  for (size_t i = 0; i < names.u16(2); ++i) {
    const size_t entry = 6 + i * 12;
    if (names.u16(entry) == kMacintosh || names.u16(entry + 6) != 1) continue;
    const std::string name = name_text(texts.part(names.u16(entry + 10), names.u16(entry + 8)));
    if (!name.empty()) return name;
  }
  return {};
}

void read_style(const Table& os2, FontFace& face) {
  if (os2.size() < 64) return;
  face.italic |= (os2.u16(62) & 1) != 0;
  face.bold |= (os2.u16(62) & 32) != 0;
}

void check_outlines(const Table& file, FontFace& face) {
  face.compact = find_table(file, "CFF ").size() > 0;
  if (face.compact || find_table(file, "glyf").size() > 0) return;
  fail(ErrorCode::kUnsupported, "{}: the font has no outlines (tables glyf or CFF)", file.font());
}

}  // namespace

uint16_t FontFace::glyph(char32_t code) const {
  const auto found =
      std::lower_bound(character.begin(), character.end(), std::pair<char32_t, uint16_t>(code, 0));
  return found != character.end() && found->first == code ? found->second : uint16_t{0};
}

bool FontFace::covers(std::string_view text) const {
  for (size_t at = 0; at < text.size();) {
    if (glyph(decode_utf8(text, at)) == 0) return false;
  }
  return true;
}

double FontFace::advance(uint16_t glyph) const {
  return glyph < advances.size() ? static_cast<double>(advances[glyph]) / units_per_em : 0.0;
}

FontFace read_font_face(std::string bytes, const std::string& name) {
  FontFace face;
  face.bytes = std::move(bytes);
  const Table file(face.bytes, name);
  const uint32_t kind = file.size() < 4 ? 0 : file.u32(0);
  if (kind != kTrueType && kind != kAppleTrueType && kind != kOpenType) {
    fail(ErrorCode::kBadInput, "{}: this is no TrueType or OpenType font", name);
  }
  check_outlines(file, face);
  read_head(need_table(file, "head"), face);
  const Table hhea = need_table(file, "hhea");
  face.ascent = hhea.i16(4);
  face.descent = hhea.i16(6);
  read_advances(hhea, need_table(file, "hmtx"), need_table(file, "maxp").u16(4), face);
  read_characters(need_table(file, "cmap"), face);
  read_style(find_table(file, "OS/2"), face);
  face.family = family_name(find_table(file, "name"));
  if (face.family.empty()) face.family = name;
  if (face.glyph(' ') == 0) fail(ErrorCode::kBadInput, "{}: the font has no space", name);
  return face;
}

}  // namespace recto
