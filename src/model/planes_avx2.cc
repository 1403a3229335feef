#include <immintrin.h>

#include "model/planes.h"

namespace recto {
namespace {

// A mask that moves the bytes 3 i + channel of the 16 from `first` on to their pixel's place i and
// clears the rest.
__m128i gather(int channel, int first) {
  alignas(16) int8_t mask[16];
  for (int pixel = 0; pixel < 16; ++pixel) {
    const int byte = 3 * pixel + channel - first;
    mask[pixel] = static_cast<int8_t>(byte >= 0 && byte < 16 ? byte : -128);
  }
  return _mm_load_si128(reinterpret_cast<const __m128i*>(mask));
}

}  // namespace

void split_rgb_avx2(const uint8_t* rgb, size_t count, uint8_t* red, uint8_t* green, uint8_t* blue) {
  uint8_t* const planes[3] = {red, green, blue};
  __m128i masks[3][3];
  for (int channel = 0; channel < 3; ++channel) {
    for (int part = 0; part < 3; ++part) masks[channel][part] = gather(channel, 16 * part);
  }
  for (size_t i = 0; i < count; i += 16, rgb += 48) {
    const auto* from = reinterpret_cast<const __m128i*>(rgb);
    const __m128i parts[3] = {_mm_loadu_si128(from), _mm_loadu_si128(from + 1),
                              _mm_loadu_si128(from + 2)};
    for (int channel = 0; channel < 3; ++channel) {
      const __m128i pixels =
          _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(parts[0], masks[channel][0]),
                                    _mm_shuffle_epi8(parts[1], masks[channel][1])),
                       _mm_shuffle_epi8(parts[2], masks[channel][2]));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(planes[channel] + i), pixels);
    }
  }
}

}  // namespace recto
