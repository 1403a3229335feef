#pragma once
// A SHA-256 as the 32 bytes it is, where hexadecimal digits would take twice the room.

#include <array>
#include <cstddef>
#include <cstring>
#include <span>

namespace recto {

using Sha256Digest = std::array<std::byte, 32>;

Sha256Digest sha256_digest(std::span<const std::byte> bytes);

/// For unordered containers: its first bytes.
struct Sha256DigestHash {
  size_t operator()(const Sha256Digest& digest) const {
    size_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof(hash));
    return hash;
  }
};

}  // namespace recto
