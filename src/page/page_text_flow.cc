#include "page/page_text_flow.h"

#include <algorithm>
#include <iterator>

#include "base/utf8.h"

namespace recto {
namespace {

constexpr int kMaxRefused = 60;  // words in a row
constexpr int kMaxCharacters = 30;
constexpr int kMaxMarks = 3;

struct CodeRange {
  char32_t first, last;
};

// Controls and spaces; accents beside the letter that they belong on, as TeX leaves them; combining
// marks; Hebrew to Myanmar; Ethiopic to Mongolian and other Indic; invisible ones; what
// has no meaning; presentation forms from right to left.
constexpr CodeRange kNotDrawn[] = {
    {0x0000, 0x0020}, {0x0060, 0x0060}, {0x007F, 0x00A0},  {0x00A8, 0x00A8}, {0x00AD, 0x00AD},
    {0x00AF, 0x00AF}, {0x00B4, 0x00B4}, {0x00B8, 0x00B8},  {0x02C6, 0x02C7}, {0x02D8, 0x02DD},
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0590, 0x109F},  {0x1100, 0x11FF}, {0x1680, 0x1CFF},
    {0x1DC0, 0x1DFF}, {0x2000, 0x200F}, {0x2028, 0x202F},  {0x205F, 0x206F}, {0x20D0, 0x20FF},
    {0x3000, 0x3000}, {0x302A, 0x302F}, {0xA800, 0xABFF},  {0xD800, 0xF8FF}, {0xFB00, 0xFDFF},
    {0xFE00, 0xFE2F}, {0xFE70, 0xFEFF}, {0xFFF0, 0x10FFFF}};

bool is_drawn(char32_t code) {
  return std::none_of(std::begin(kNotDrawn), std::end(kNotDrawn), [&](const CodeRange& range) {
    return code >= range.first && code <= range.last;
  });
}

bool is_hyphen(char32_t code) { return code == '-' || code == 0x2010 || code == 0x2011; }

// Punctuation, arrows, boxes and bullets beyond ASCII.
bool is_symbol(char32_t code) {
  return (code >= 0x80 && code < 0xC0) || (code >= 0x2000 && code < 0x2C00);
}

bool is_mark(char32_t code) {
  return code < 0x80 &&
         !((code >= '0' && code <= '9') || ((code | 0x20) >= 'a' && (code | 0x20) <= 'z'));
}

bool is_worth_drawing(std::string_view word) {
  int characters = 0, marks = 0;
  bool readable = false;
  char32_t last = 0;
  for (size_t at = 0; at < word.size();) {
    last = decode_utf8(word, at);
    if (!is_drawn(last) || ++characters > kMaxCharacters) return false;
    marks = is_mark(last) ? marks + 1 : 0;
    if (marks > kMaxMarks) return false;
    readable |= marks == 0 && !is_symbol(last);
  }
  return readable && !is_hyphen(last);
}

char32_t capital_of(char32_t c) {
  const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  if (within('a', 'z') || (within(0xE0, 0xFE) && c != 0xF7)) return c - 32;
  if (within(0x3B1, 0x3C9) && c != 0x3C2) return c - 32;  // Greek but for the final sigma
  if (within(0x430, 0x44F)) return c - 32;
  if (within(0x450, 0x45F)) return c - 80;
  const bool odd_small = (within(0x100, 0x137) && c != 0x131) || within(0x14A, 0x177);
  const bool even_small = within(0x139, 0x148) || within(0x179, 0x17E);
  if ((odd_small && c % 2 == 1) || (even_small && c % 2 == 0)) return c - 1;
  return c;
}

}  // namespace

std::string capitals_of(std::string_view text) {
  std::string capitals;
  for (size_t at = 0; at < text.size();) append_utf8(capitals, capital_of(decode_utf8(text, at)));
  return capitals;
}

TextLine take_line(WordQueue& words, const TextFormat& format, double width, int most,
                   bool capitals) {
  TextLine line;
  const double space = space_of(format);
  for (int refused = 0; refused < kMaxRefused && static_cast<int>(line.words.size()) < most;) {
    std::string word = capitals ? capitals_of(words.front()) : words.front();
    const double wide = width_of(format, word);
    const bool first = line.words.empty();
    if (!first && wide <= width && line.width + space + wide > width) break;
    words.pop();
    if (wide > width || !format.font->claim(word)) {
      ++refused;
      continue;
    }
    line.width += wide + (first ? 0 : space);
    line.words.push_back(std::move(word));
    refused = 0;
  }
  return line;
}

std::vector<std::string> drawable_words(std::string_view text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (is_worth_drawing(word)) words.emplace_back(word);
    at = end + 1;
  }
  return words;
}

}  // namespace recto
