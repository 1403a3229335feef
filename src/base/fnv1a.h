#pragma once
// A hash of names that is the same on every machine, unlike std::hash.

#include <cstdint>
#include <string_view>

namespace recto {

/// FNV-1a of 64 bits. Not for what others could choose so that it collides.
inline uint64_t fnv1a(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace recto
