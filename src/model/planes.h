#pragma once
// Interleaved RGB to three planes.

#include <cstddef>
#include <cstdint>

namespace recto {

/// red[i], green[i], blue[i] = rgb[3 i], rgb[3 i + 1], rgb[3 i + 2] for i < count, with the best
/// instructions of this machine.
void split_rgb(const uint8_t* rgb, size_t count, uint8_t* red, uint8_t* green, uint8_t* blue);

/// The same for a multiple of 16 pixels, with AVX2's 16-byte shuffles.
void split_rgb_avx2(const uint8_t* rgb, size_t count, uint8_t* red, uint8_t* green, uint8_t* blue);

}  // namespace recto
