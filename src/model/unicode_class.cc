#include "model/unicode_class.h"

#include <array>
#include <map>
#include <vector>

#include "base/utf8.h"

namespace recto {
namespace {

constexpr uint32_t kCodePoints = 0x110000;
constexpr uint32_t kBlock = 256;

// Blocks of 256 code points, equal ones stored once: a look-up is two loads, and the whole is small
// enough for the cache.
class ClassTable {
 public:
  ClassTable() {
    std::map<std::array<uint8_t, kBlock>, uint16_t> known;
    size_t range = 0;
    for (uint32_t first = 0; first < kCodePoints; first += kBlock) {
      std::array<uint8_t, kBlock> block{};
      for (uint32_t i = 0; i < kBlock; ++i) {
        while (range + 1 < kUnicodeRangeCount && kUnicodeRanges[range + 1].first <= first + i) {
          ++range;
        }
        block[i] = kUnicodeRanges[range].classes;
      }
      const auto [found, is_new] = known.try_emplace(block, static_cast<uint16_t>(known.size()));
      if (is_new) classes_.insert(classes_.end(), block.begin(), block.end());
      block_of_[first / kBlock] = found->second;
    }
  }

  uint8_t operator[](char32_t c) const {
    return c < kCodePoints ? classes_[block_of_[c / kBlock] * kBlock + c % kBlock] : 0;
  }

 private:
  std::array<uint16_t, kCodePoints / kBlock> block_of_{};
  std::vector<uint8_t> classes_;
};

}  // namespace

uint8_t unicode_class(char32_t code_point) {
  static const ClassTable table;
  return table[code_point];
}

bool is_blank(const std::string& text) {
  for (size_t position = 0; position < text.size();) {
    if ((unicode_class(decode_utf8(text, position)) & kSpace) == 0) return false;
  }
  return true;
}

}  // namespace recto
