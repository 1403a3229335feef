#include "curate/folded_text.h"

#include <algorithm>

#include "base/utf8.h"
#include "curate/function_words.h"

namespace recto {

namespace {

constexpr char32_t kFirstLigature = 0xFB00;
constexpr const char* kLigatures[] = {"ff", "fi", "fl", "ffi", "ffl", "st", "st"};
constexpr char32_t kSoftHyphen = 0x00AD;
constexpr char32_t kHyphenAtLineEnd = 0xFFFE;
/// From here on (radicals, kana, ideographs, hangul) a character is a syllable or a word.
constexpr char32_t kFirstEastAsian = 0x2E80;
constexpr int kEastAsianLetters = 3;

}  // namespace

std::string spell_out_ligatures(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const char32_t code = decode_utf8(text, at);
    if (code >= kFirstLigature && code < kFirstLigature + std::size(kLigatures)) {
      out += kLigatures[code - kFirstLigature];
    } else if (code != kSoftHyphen && code != kHyphenAtLineEnd) {
      append_utf8(out, code);
    }
  }
  return out;
}

FoldedText::FoldedText(WordTokenizer& tokenizer, std::string_view text) {
  tokenizer.for_each(spell_out_ligatures(text), [&](std::string_view word) {
    starts_.push_back(joined_.size());
    joined_ += word;
    return true;
  });
}

bool FoldedText::is_boundary(size_t at) const {
  return at == joined_.size() || std::binary_search(starts_.begin(), starts_.end(), at);
}

bool FoldedText::contains(const FoldedText& part) const {
  if (part.empty()) return false;
  for (size_t at = joined_.find(part.joined_); at != std::string::npos;
       at = joined_.find(part.joined_, at + 1)) {
    if (is_boundary(at) && is_boundary(at + part.joined_.size())) return true;
  }
  return false;
}

size_t FoldedText::long_words() const {
  constexpr int kLongWord = 4;
  size_t count = 0;
  for (size_t i = 0; i < starts_.size(); ++i) {
    const size_t end = i + 1 < starts_.size() ? starts_[i + 1] : joined_.size();
    int characters = 0;
    for (size_t at = starts_[i]; at < end; ++characters) decode_utf8(joined_, at);
    const std::string_view word = std::string_view(joined_).substr(starts_[i], end - starts_[i]);
    if (characters >= kLongWord && !is_function_word(word)) ++count;
  }
  return count;
}

int FoldedText::letters() const {
  int count = 0;
  for (size_t at = 0; at < joined_.size();) {
    const char32_t code = decode_utf8(joined_, at);
    if (code >= kFirstEastAsian) {
      count += kEastAsianLetters;
    } else if (code < U'0' || code > U'9') {
      ++count;
    }
  }
  return count;
}

}  // namespace recto
