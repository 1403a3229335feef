#include "model/byte_level.h"

#include <array>

#include "base/utf8.h"

namespace recto {
namespace {

constexpr size_t kCharacters = 0x144;  // one above the last character used

struct ByteLevelTable {
  std::array<char32_t, 256> character{};
  std::array<int16_t, kCharacters> byte{};

  ByteLevelTable() {
    byte.fill(-1);
    char32_t next = 0x100;
    for (int b = 0; b < 256; ++b) {
      const bool printable = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      character[static_cast<size_t>(b)] = printable ? static_cast<char32_t>(b) : next++;
      byte[character[static_cast<size_t>(b)]] = static_cast<int16_t>(b);
    }
  }
};

const ByteLevelTable& table() {
  static const ByteLevelTable built;
  return built;
}

}  // namespace

std::optional<std::string> byte_level_decode(std::string_view token) {
  std::string bytes;
  bytes.reserve(token.size());
  for (size_t position = 0; position < token.size();) {
    const char32_t c = decode_utf8(token, position);
    if (c >= kCharacters || table().byte[c] < 0) return std::nullopt;
    bytes += static_cast<char>(table().byte[c]);
  }
  return bytes;
}

std::string byte_level_encode(std::string_view bytes) {
  std::string token;
  for (const char byte : bytes) append_utf8(token, table().character[static_cast<uint8_t>(byte)]);
  return token;
}

}  // namespace recto
