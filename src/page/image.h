#pragma once
// A decoded page image.

#include <cstdint>
#include <vector>

namespace recto {

/// 8-bit RGB, rows top to bottom without padding: rgb[(y * width + x) * 3 + channel].
struct Image {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgb;
};

}  // namespace recto
