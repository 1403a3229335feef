#pragma once
// GPT-2's way of writing bytes as printable characters in a vocabulary: bytes 21-7E, A1-AC and
// AE-FF stand for themselves, the 68 others are written U+0100, U+0101, ... in rising order.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace recto {

/// The bytes a vocabulary entry stands for; nothing when it holds a character that stands for none.
std::optional<std::string> byte_level_decode(std::string_view token);
/// The vocabulary spelling of `bytes`.
std::string byte_level_encode(std::string_view bytes);

}  // namespace recto
