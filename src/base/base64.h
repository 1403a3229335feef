#pragma once
// Base64 (RFC 4648), as data: URLs, JSON and HTTP have it.

#include <optional>
#include <string>
#include <string_view>

namespace recto {

/// With padding.
std::string base64(std::string_view bytes);

/// The bytes of `text`, which has its padding and nothing else in it, not even white space; nothing
/// for other texts.
std::optional<std::string> base64_bytes(std::string_view text);

}  // namespace recto
