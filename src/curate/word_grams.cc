#include "curate/word_grams.h"

#include <algorithm>
#include <bit>

#include "base/utf8.h"

namespace recto {
namespace {

constexpr uint64_t kFnvOffset = 0xcbf29ce484222325;
constexpr uint64_t kFnvPrime = 0x100000001b3;

struct Range {
  char32_t first, last;
};

// Scripts without spaces between words: Thai and Lao, Burmese, Khmer, kana, ideographs.
constexpr Range kUnspaced[] = {{0x0E00, 0x0EFF}, {0x1000, 0x109F},  {0x1780, 0x17FF},
                               {0x3041, 0x30FF}, {0x31F0, 0x31FF},  {0x3400, 0x4DBF},
                               {0x4E00, 0x9FFF}, {0xAA60, 0xAA7F},  {0xF900, 0xFAFF},
                               {0xFF66, 0xFF9D}, {0x20000, 0x3FFFF}};
// What stands between words above ASCII: spaces, punctuation, symbols, private use.
constexpr Range kBetween[] = {
    {0x0080, 0x00A9},   {0x00AB, 0x00AF}, {0x00B1, 0x00B1}, {0x00B4, 0x00B4}, {0x00B6, 0x00B8},
    {0x00BB, 0x00BB},   {0x00BF, 0x00BF}, {0x00D7, 0x00D7}, {0x00F7, 0x00F7}, {0x2000, 0x206F},
    {0x20A0, 0x20CF},   {0x2190, 0x2BFF}, {0x2E00, 0x2E7F}, {0x3000, 0x3004}, {0x3008, 0x3020},
    {0x3030, 0x3030},   {0x30FB, 0x30FB}, {0xE000, 0xF8FF}, {0xFE10, 0xFE6F}, {0xFEFF, 0xFEFF},
    {0xFF01, 0xFF0F},   {0xFF1A, 0xFF20}, {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65}, {0xFFE0, 0xFFFF},
    {0xF0000, 0x10FFFF}};

template <size_t N>
bool is_in(const Range (&ranges)[N], char32_t code) {
  const auto* range = std::lower_bound(std::begin(ranges), std::end(ranges), code,
                                       [](const Range& r, char32_t c) { return r.last < c; });
  return range != std::end(ranges) && range->first <= code;
}

enum class Kind { kBetween, kLetter, kWord };

Kind kind_of(char32_t code) {
  if (code < 0x80) {
    const bool letter = (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
                        (code >= 'a' && code <= 'z');
    return letter ? Kind::kLetter : Kind::kBetween;
  }
  if (is_in(kBetween, code)) return Kind::kBetween;
  return is_in(kUnspaced, code) ? Kind::kWord : Kind::kLetter;
}

uint64_t add_bytes(uint64_t hash, std::string_view bytes) {
  for (const char byte : bytes) {
    const char lower = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte;
    hash = (hash ^ static_cast<uint8_t>(lower)) * kFnvPrime;
  }
  return hash;
}

/// Calls `take` with the hash of each word in order.
template <typename Take>
void for_each_word(std::string_view text, const Take& take) {
  uint64_t hash = kFnvOffset;
  bool inside = false;
  const auto end_word = [&] {
    if (inside) take(hash);
    hash = kFnvOffset;
    inside = false;
  };
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    const Kind kind = kind_of(decode_utf8(text, at));
    if (kind != Kind::kLetter) end_word();
    if (kind == Kind::kBetween) continue;
    hash = add_bytes(hash, text.substr(begin, at - begin));
    inside = true;
    if (kind == Kind::kWord) end_word();
  }
  end_word();
}

// SplitMix64's finish: every bit of a word decides about every bit of the gram.
uint64_t mix(uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

}  // namespace

int count_words(std::string_view text) {
  int words = 0;
  for_each_word(text, [&](uint64_t) { ++words; });
  return words;
}

std::vector<uint64_t> word_grams(std::string_view text) {
  std::vector<uint64_t> words;
  for_each_word(text, [&](uint64_t hash) { words.push_back(mix(hash)); });
  std::vector<uint64_t> grams;
  if (words.empty()) return grams;
  const size_t length = std::min<size_t>(words.size(), 3);
  grams.reserve(words.size() - length + 1);
  for (size_t i = 0; i + length <= words.size(); ++i) {
    uint64_t gram = length;
    for (size_t k = 0; k < length; ++k) gram = mix(gram + words[i + k]);
    grams.push_back(gram);
  }
  std::sort(grams.begin(), grams.end());
  grams.erase(std::unique(grams.begin(), grams.end()), grams.end());
  return grams;
}

double jaccard(std::span<const uint64_t> a, std::span<const uint64_t> b) {
  size_t both = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    both += a[i] == b[j] ? 1 : 0;
    const bool step_a = a[i] <= b[j];
    const bool step_b = b[j] <= a[i];
    i += step_a ? 1 : 0;
    j += step_b ? 1 : 0;
  }
  const size_t either = a.size() + b.size() - both;
  return either == 0 ? 0 : static_cast<double>(both) / static_cast<double>(either);
}

GramSketch sketch_of(std::span<const uint64_t> grams) {
  GramSketch sketch{};
  for (const uint64_t gram : grams) sketch[gram >> 59] |= uint64_t{1} << (gram & 63);
  return sketch;
}

bool may_reach(double threshold, const GramSketch& a, size_t a_grams, const GramSketch& b,
               size_t b_grams) {
  size_t only_a = 0;
  size_t only_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    only_a += static_cast<size_t>(std::popcount(a[i] & ~b[i]));
    only_b += static_cast<size_t>(std::popcount(b[i] & ~a[i]));
  }
  const auto both = static_cast<double>(std::min(a_grams - only_a, b_grams - only_b));
  return both >= threshold * (static_cast<double>(a_grams + b_grams) - both);
}

}  // namespace recto
