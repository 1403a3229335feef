#include "curate/query_text.h"

#include "base/utf8.h"
#include "model/unicode_class.h"

namespace recto {

namespace {

bool is_invisible(char32_t c) {
  return c == 0x00AD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
         c == 0x2060 || c == 0xFEFF;
}

bool is_dash(char32_t c) {
  return (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xFE58 || c == 0xFE63;
}

bool is_word_character(char32_t c) {
  // Combining accents belong to the letter before them.
  return (unicode_class(c) & (kLetter | kNumber)) != 0 || (c >= 0x0300 && c <= 0x036F);
}

}  // namespace

std::string in_plain_signs(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    char32_t c = decode_utf8(text, at);
    if (is_invisible(c)) continue;
    if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFF01 - 0x21;  // full-width forms of ASCII
    if (c < 0x20 || (unicode_class(c) & kSpace) != 0) c = U' ';
    if (is_dash(c)) c = U'-';
    append_utf8(out, c);
  }
  return out;
}

std::vector<QueryWord> query_words(std::string_view text) {
  std::vector<QueryWord> words;
  size_t end = 0;  // of the last word
  for (size_t at = 0; at < text.size();) {
    size_t next = at;
    if (!is_word_character(decode_utf8(text, next))) {
      at = next;
      continue;
    }
    const size_t begin = at;
    while (at < text.size()) {
      next = at;
      if (!is_word_character(decode_utf8(text, next))) break;
      at = next;
    }
    words.push_back({text.substr(begin, at - begin), text.substr(end, begin - end)});
    end = at;
  }
  return words;
}

}  // namespace recto
