#include "page/pdf_text.h"

#include <algorithm>

#include "base/utf8.h"

namespace recto {
namespace {

constexpr char32_t kSoftHyphen = 0xAD;

bool is_line_end(char32_t c) { return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029; }

bool is_space(char32_t c) {
  return c == ' ' || c == '\t' || c == '\v' || c == '\f' || is_line_end(c) || c == 0x85 ||
         c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

// Controls, byte order marks and noncharacters: nothing that anybody reads.
bool is_invisible(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xFEFF || (c & 0xFFFE) == 0xFFFE ||
         (c >= 0xFDD0 && c <= 0xFDEF) || c > 0x10FFFF;
}

bool is_high_surrogate(char32_t c) { return c >= 0xD800 && c < 0xDC00; }
bool is_low_surrogate(char32_t c) { return c >= 0xDC00 && c < 0xE000; }

char32_t join_surrogates(char32_t high, char32_t low) {
  return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

class TextBuilder {
 public:
  void add(char32_t c, const TextCharacter& place) {
    if (c == kSoftHyphen || place.line_hyphen) {
      divide(place);
    } else if (is_line_end(c)) {
      end_line();
    } else if (is_space(c)) {
      end_word();
      divided_ = false;
      if (!text_.text.empty() && text_.text.back() != '\n') space_ = true;
    } else if (!is_invisible(c)) {
      append(c, place);
    }
  }

  PageText take() {
    end_word();
    while (text_.text.ends_with('\n')) text_.text.pop_back();
    return std::move(text_);
  }

 private:
  void append(char32_t c, const TextCharacter& place) {
    if (space_) text_.text += ' ';
    space_ = divided_ = false;
    append_utf8(text_.text, c);
    append_utf8(word_.text, c);
    cover(place);
  }

  // A hyphen that the text goes on behind as if it were not there.
  void divide(const TextCharacter& place) {
    if (place.line_hyphen && !word_.text.empty()) {
      word_.text += '-';
      cover(place);
      end_word();
    }
    divided_ = true;
  }

  void end_line() {
    end_word();
    space_ = false;
    if (!divided_ && !text_.text.empty() && text_.text.back() != '\n') text_.text += '\n';
  }

  void end_word() {
    if (!word_.text.empty()) text_.words.push_back(std::move(word_));
    word_ = {};
  }

  void cover(const TextCharacter& place) {
    if (place.left >= place.right || place.top >= place.bottom) return;
    const bool first = word_.left >= word_.right;
    word_.left = first ? place.left : std::min(word_.left, place.left);
    word_.top = first ? place.top : std::min(word_.top, place.top);
    word_.right = first ? place.right : std::max(word_.right, place.right);
    word_.bottom = first ? place.bottom : std::max(word_.bottom, place.bottom);
  }

  PageText text_;
  Word word_;
  bool space_ = false;    // a space is due before the next character
  bool divided_ = false;  // the line end that follows divides a word
};

}  // namespace

PageText assemble_text(std::span<const TextCharacter> characters) {
  TextBuilder builder;
  for (size_t i = 0; i < characters.size(); ++i) {
    char32_t c = characters[i].code;
    if (is_high_surrogate(c) && i + 1 < characters.size() &&
        is_low_surrogate(characters[i + 1].code)) {
      c = join_surrogates(c, characters[++i].code);
    } else if (is_high_surrogate(c) || is_low_surrogate(c)) {
      c = 0xFFFD;
    }
    builder.add(c, characters[i]);
  }
  return builder.take();
}

std::string clean_title(std::span<const char16_t> units, size_t max_characters) {
  std::string title;
  bool space = false;
  size_t count = 0;
  for (size_t i = 0; i < units.size() && units[i] != 0 && count < max_characters; ++i) {
    char32_t c = units[i];
    if (is_high_surrogate(c) && i + 1 < units.size() && is_low_surrogate(units[i + 1])) {
      c = join_surrogates(c, units[++i]);
    } else if (is_high_surrogate(c) || is_low_surrogate(c)) {
      c = 0xFFFD;
    }
    if (is_space(c)) {
      space = !title.empty();
    } else if (!is_invisible(c) && c != kSoftHyphen) {
      if (space) title += ' ';
      space = false;
      append_utf8(title, c);
      ++count;
    }
  }
  return title;
}

}  // namespace recto
