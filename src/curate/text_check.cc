#include "curate/text_check.h"

#include <cstdint>
#include <string>

#include "base/utf8.h"

namespace recto {
namespace {

constexpr int kMinCharacters = 20;

// Each test's threshold. Measured on pages of Debian manuals (docs/curation.md).
constexpr double kMaxUnreadable = 0.10;   // of the characters
constexpr double kMaxGlyphNames = 0.20;   // of the words
constexpr double kMaxUtf8Pairs = 0.015;   // of the letters
constexpr double kMaxHighWords = 0.15;    // of the words
constexpr double kMinVowels = 0.20;       // of the ASCII letters
constexpr int kMinLettersForVowels = 80;  // fewer say nothing about vowels
constexpr double kMaxSymbols = 0.40;      // of the characters

bool is_white(char32_t code) {
  return code <= 0x20 || code == 0xA0 || (code >= 0x2000 && code <= 0x200B) || code == 0x2028 ||
         code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000 || code == 0xFEFF;
}

bool is_ascii_letter(char32_t code) { return (code | 32) >= 'a' && (code | 32) <= 'z'; }

bool is_vowel(char32_t code) {
  return std::u32string_view(U"aeiouy").find(code | 32) != std::u32string_view::npos;
}

/// Letters of U+00C0..U+00FF: what bytes of another 8-bit alphabet look like.
bool is_high_letter(char32_t code) {
  return code >= 0xC0 && code <= 0xFF && code != 0xD7 && code != 0xF7;
}

bool is_letter(char32_t code) {
  return is_ascii_letter(code) || is_high_letter(code) || (code >= 0x100 && code < 0x2000) ||
         code >= 0x3040;
}

/// Replaced, private, control or no character at all.
bool is_unreadable(char32_t code) {
  return code == 0xFFFD || (code >= 0xE000 && code <= 0xF8FF) || code >= 0xF0000 ||
         (code < 0x20 && code != '\n' && code != '\t' && code != '\r' && code != '\f') ||
         (code >= 0x7F && code <= 0x9F) || (code & 0xFFFE) == 0xFFFE ||
         (code >= 0xFDD0 && code <= 0xFDEF);
}

/// Of ASCII, without what draws lines, leaders and lists.
bool is_symbol(char32_t code) {
  return std::u32string_view(U"!\"#$%&'()+,/:;<>?@[\\]^`{}~").find(code) !=
         std::u32string_view::npos;
}

/// The lead byte of UTF-8 for letters or punctuation, as Latin-1 shows it.
bool is_lead(char32_t code) {
  return (code >= 0xC2 && code <= 0xC5) || code == 0xCE || code == 0xCF || code == 0xD0 ||
         code == 0xD1 || code == 0xE2;
}

/// A continuation byte (0x80..0xBF) in Latin-1 or Windows-1252.
bool is_continuation(char32_t code) {
  return (code >= 0x80 && code <= 0xBF) ||
         std::u32string_view(U"€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ").find(code) !=
             std::u32string_view::npos;
}

/// "(cid:12)", "/g23", "/G1A", "/uni0041", "/C45": names a PDF reader falls back to.
bool is_glyph_name(std::string_view word) {
  if (word.find("(cid:") != std::string_view::npos) return true;
  if (word.size() < 3 || word[0] != '/') return false;
  if (word.starts_with("/uni")) return word.size() >= 8;
  const std::string_view kinds = "gGcCaH";
  if (kinds.find(word[1]) == std::string_view::npos) return false;
  const size_t digits = word.find_first_not_of("0123456789ABCDEFabcdef/gGcCH", 2);
  return digits == std::string_view::npos &&
         word.find_first_of("0123456789") != std::string_view::npos;
}

struct Counts {
  int characters = 0, unreadable = 0, symbols = 0;
  int letters = 0, ascii_letters = 0, vowels = 0;
  int utf8_pairs = 0;
  int words = 0, glyph_names = 0;
  int letter_words = 0, high_words = 0;  ///< of at least three letters
};

class Counter {
 public:
  explicit Counter(std::string_view text) {
    size_t word = 0;
    for (size_t at = 0; at < text.size();) {
      const size_t begin = at;
      const char32_t code = decode_utf8(text, at);
      if (is_white(code) && !is_unreadable(code)) {
        end_word(text.substr(word, begin - word));
        word = at;
      } else {
        add(code);
      }
    }
    end_word(text.substr(word));
  }
  const Counts& counts() const { return counts_; }

 private:
  void add(char32_t code) {
    ++counts_.characters;
    counts_.unreadable += is_unreadable(code) ? 1 : 0;
    counts_.symbols += is_symbol(code) ? 1 : 0;
    counts_.letters += is_letter(code) ? 1 : 0;
    counts_.ascii_letters += is_ascii_letter(code) ? 1 : 0;
    counts_.vowels += is_vowel(code) ? 1 : 0;
    counts_.utf8_pairs += is_lead(previous_) && is_continuation(code) ? 1 : 0;
    word_letters_ += is_letter(code) ? 1 : 0;
    // "ƒeƒXƒg": Shift-JIS as Windows-1252.
    word_high_ += is_high_letter(code) || code == U'ƒ' ? 1 : 0;
    previous_ = code;
  }

  void end_word(std::string_view word) {
    previous_ = 0;
    if (word.empty()) return;
    ++counts_.words;
    counts_.glyph_names += is_glyph_name(word) ? 1 : 0;
    if (word_letters_ >= 3) {
      ++counts_.letter_words;
      counts_.high_words += 4 * word_high_ >= 3 * word_letters_ ? 1 : 0;
    }
    word_letters_ = word_high_ = 0;
  }

  Counts counts_;
  char32_t previous_ = 0;
  int word_letters_ = 0, word_high_ = 0;
};

double share(int part, int whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

int count_characters(std::string_view text) {
  int characters = 0;
  for (size_t at = 0; at < text.size();) {
    if (!is_white(decode_utf8(text, at))) ++characters;
  }
  return characters;
}

TextCheck check_text(std::string_view text) {
  const Counts n = Counter(text).counts();
  if (n.characters < kMinCharacters) return {};
  const struct {
    const char* problem;
    double score, limit;
  } tests[] = {
      {"replacement characters", share(n.unreadable, n.characters), kMaxUnreadable},
      {"glyph names", share(n.glyph_names, n.words), kMaxGlyphNames},
      {"UTF-8 read as Latin-1", share(n.utf8_pairs, n.letters), kMaxUtf8Pairs},
      {"letters of another alphabet read as Latin", share(n.high_words, n.letter_words),
       kMaxHighWords},
      {"symbols for letters", n.letters * 4 < n.characters ? share(n.symbols, n.characters) : 0,
       kMaxSymbols},
  };
  for (const auto& test : tests) {
    if (test.score > test.limit) return {test.problem, test.score, test.limit};
  }
  const double vowels = share(n.vowels, n.ascii_letters);
  // Only where Latin letters are most of the text; and a page of one token has no language.
  if (n.ascii_letters >= kMinLettersForVowels && n.ascii_letters * 2 > n.letters &&
      n.letter_words >= 10 && vowels < kMinVowels) {
    return {"too few vowels", vowels, kMinVowels};
  }
  return {};
}

std::string ocr_reason(std::string_view text, double ink, const OcrRule& rule) {
  if (count_characters(text) < rule.min_characters && ink > rule.min_ink) return "no text layer";
  return check_text(text).problem;
}

}  // namespace recto
