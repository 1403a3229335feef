#include "data/hash_search.h"

#include <array>
#include <cctype>

#include "base/error.h"

namespace recto {

namespace {

/// Value of each lower-case hexadecimal digit, 255 for other bytes.
constexpr std::array<uint8_t, 256> make_digits() {
  std::array<uint8_t, 256> digits{};
  for (int c = 0; c < 256; ++c) {
    const bool decimal = c >= '0' && c <= '9';
    const bool letter = c >= 'a' && c <= 'f';
    digits[c] = static_cast<uint8_t>(decimal ? c - '0' : letter ? c - 'a' + 10 : 255);
  }
  return digits;
}
constexpr std::array<uint8_t, 256> kDigitValues = make_digits();

uint8_t digit(char c) { return kDigitValues[static_cast<uint8_t>(c)]; }

bool is_id_part(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'; }

}  // namespace

HashSearch::HashSearch(const std::vector<std::string>& hashes) {
  for (const std::string& hash : hashes) {
    RECTO_CHECK(hash.size() >= kDigits);
    uint64_t value = 0;
    for (size_t i = 0; i < kDigits; ++i) value = value << 4 | digit(hash[i]);
    prefixes_.insert(value);
  }
}

size_t HashSearch::find(std::string_view bytes, size_t from) const {
  uint64_t value = 0;
  size_t run = 0;
  for (size_t i = from; i < bytes.size(); ++i) {
    const uint8_t next = digit(bytes[i]);
    if (next == 255) {
      run = 0;
      continue;
    }
    value = value << 4 | next;
    if (++run >= kDigits && prefixes_.count(value) != 0) return i + 1 - kDigits;
  }
  return std::string_view::npos;
}

int64_t HashSearch::count(std::string_view bytes, int64_t most) const {
  int64_t found = 0;
  for (size_t at = 0; found < most; at += kDigits, ++found) {
    at = find(bytes, at);
    if (at == std::string_view::npos) break;
  }
  return found;
}

std::string HashSearch::replaced(const std::string& text, const std::string& by) const {
  std::string out;
  size_t done = 0;
  for (size_t at = find(text, 0); at != std::string_view::npos; at = find(text, done)) {
    size_t begin = at;
    while (begin > done && is_id_part(text[begin - 1])) --begin;
    size_t end = at + kDigits;
    while (end < text.size() && is_id_part(text[end])) ++end;
    out += text.substr(done, begin - done) + by;
    done = end;
  }
  return out + text.substr(done);
}

}  // namespace recto
