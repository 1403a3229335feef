#include "search/lexical_words.h"

#include "base/utf8.h"

namespace recto {

namespace {

/// Byte offsets of the characters of `word` from `at` on as long as they are (`unspaced`) of an
/// unspaced script or not; the last offset is where the run ends.
std::vector<size_t> run_from(std::string_view word, size_t at, bool unspaced) {
  std::vector<size_t> offsets;
  while (at < word.size()) {
    size_t next = at;
    if (is_unspaced_script(decode_utf8(word, next)) != unspaced) break;
    offsets.push_back(at);
    at = next;
  }
  offsets.push_back(at);
  return offsets;
}

/// Cuts one word; false when `take` wants no more.
bool cut(std::string_view word, const std::function<bool(std::string_view)>& take) {
  for (size_t at = 0; at < word.size();) {
    size_t next = at;
    const bool unspaced = is_unspaced_script(decode_utf8(word, next));
    const std::vector<size_t> offsets = run_from(word, at, unspaced);
    const size_t characters = offsets.size() - 1;
    at = offsets.back();
    if (!unspaced || characters < 2) {
      if (!take(word.substr(offsets.front(), at - offsets.front()))) return false;
      continue;
    }
    for (size_t i = 0; i + 2 < offsets.size(); ++i) {
      if (!take(word.substr(offsets[i], offsets[i + 2] - offsets[i]))) return false;
    }
  }
  return true;
}

}  // namespace

bool is_unspaced_script(char32_t c) {
  if (c < 0x0E00) return false;
  return c <= 0x0EFF                      // Thai, Lao
         || (c >= 0x1000 && c <= 0x109F)  // Burmese
         || (c >= 0x1780 && c <= 0x17FF)  // Khmer
         || (c >= 0x2E80 && c <= 0xD7FF)  // radicals, kana, ideographs, hangul
         || (c >= 0xF900 && c <= 0xFAFF)  // compatibility ideographs
         || (c >= 0xFF66 && c <= 0xFFDC)  // half-width kana and hangul
         || (c >= 0x20000 && c <= 0x3FFFF);
}

void for_each_lexical_word(WordTokenizer& tokenizer, std::string_view text,
                           const std::function<bool(std::string_view word)>& take) {
  tokenizer.for_each(text, [&](std::string_view word) { return cut(word, take); });
}

std::vector<std::string> lexical_words(WordTokenizer& tokenizer, std::string_view text) {
  std::vector<std::string> words;
  for_each_lexical_word(tokenizer, text, [&](std::string_view word) {
    words.emplace_back(word);
    return true;
  });
  return words;
}

}  // namespace recto
