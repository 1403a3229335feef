#pragma once
// What Hugging Face's tokenizers library takes a code point for.

#include <cstddef>
#include <cstdint>
#include <string>

namespace recto {

/// Bits of unicode_class(). The library's parts follow different Unicode versions, which
/// unicode_ranges.cc records: a digit of the newest version need not be a number of the regex.
enum UnicodeClass : uint8_t {
  kLetter = 1,  ///< \p{L} of the regex
  kNumber = 2,  ///< \p{N} of the regex
  kSpace = 4,   ///< \s of the regex
  kDigit = 8,   ///< what the Digits pre-tokenizer isolates: Nd, Nl and No
  kWord = 16,   ///< \w, for the single_word flag of added tokens
};

/// The classes of `code_point`; 0 for anything else and for values above U+10FFFF.
uint8_t unicode_class(char32_t code_point);

/// True for a text of nothing but white space, which no query or passage of a model may be.
bool is_blank(const std::string& text);

/// The generated table: each range reaches to the start of the next one.
struct UnicodeRange {
  uint32_t first;
  uint8_t classes;
};
extern const UnicodeRange kUnicodeRanges[];
extern const size_t kUnicodeRangeCount;

}  // namespace recto
