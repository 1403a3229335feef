#include "base/utf8.h"

namespace recto {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Length of the well-formed sequence at `position`, 0 if there is none; its value in `code_point`.
size_t sequence_length(std::string_view text, size_t position, char32_t& code_point) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[position + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    code_point = first;
    return 1;
  }
  size_t length = 0;
  char32_t minimum = 0;
  if ((first & 0xE0) == 0xC0) {
    length = 2, minimum = 0x80, code_point = first & 0x1F;
  } else if ((first & 0xF0) == 0xE0) {
    length = 3, minimum = 0x800, code_point = first & 0x0F;
  } else if ((first & 0xF8) == 0xF0) {
    length = 4, minimum = 0x10000, code_point = first & 0x07;
  } else {
    return 0;
  }
  if (position + length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code_point = (code_point << 6) | (byte(i) & 0x3F);
  }
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  return code_point < minimum || code_point > 0x10FFFF || surrogate ? 0 : length;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  for (size_t position = 0; position < text.size();) {
    char32_t ignored = 0;
    const size_t length = sequence_length(text, position, ignored);
    if (length == 0) return false;
    position += length;
  }
  return true;
}

char32_t decode_utf8(std::string_view text, size_t& position) {
  char32_t code_point = 0;
  const size_t length = sequence_length(text, position, code_point);
  position += length == 0 ? 1 : length;
  return length == 0 ? kReplacement : code_point;
}

void append_utf8(std::string& text, char32_t c) {
  const auto put = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6)), put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12)), put(0x80 | ((c >> 6) & 0x3F)), put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18)), put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F)), put(0x80 | (c & 0x3F));
  }
}

size_t byte_order_mark_size(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? kMark.size() : 0;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (size_t position = 0; position < text.size();)
    append_utf8(valid, decode_utf8(text, position));
  return valid;
}

}  // namespace recto
