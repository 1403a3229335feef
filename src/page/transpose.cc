#include "page/transpose.h"

#include <emmintrin.h>

#include <algorithm>

namespace recto {
namespace {

constexpr size_t kSide = 16;

// One interleaving step: rows r and r + 8 become rows 2r and 2r + 1. Four steps transpose 16 x 16.
inline void interleave(const __m128i (&in)[kSide], __m128i (&out)[kSide]) {
  for (size_t r = 0; r < kSide / 2; ++r) {
    out[2 * r] = _mm_unpacklo_epi8(in[r], in[r + kSide / 2]);
    out[2 * r + 1] = _mm_unpackhi_epi8(in[r], in[r + kSide / 2]);
  }
}

// SSE2 is part of every x86-64.
inline void transpose_16x16(const uint8_t* in, size_t in_stride, uint8_t* out, size_t out_stride) {
  __m128i a[kSide];
  __m128i b[kSide];
  for (size_t r = 0; r < kSide; ++r) {
    a[r] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + r * in_stride));
  }
  interleave(a, b);
  interleave(b, a);
  interleave(a, b);
  interleave(b, a);
  for (size_t c = 0; c < kSide; ++c) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + c * out_stride), a[c]);
  }
}

}  // namespace

void transpose_bytes(const uint8_t* in, size_t in_stride, size_t rows, size_t columns, uint8_t* out,
                     size_t out_stride) {
  for (size_t r = 0; r < rows; r += kSide) {
    const size_t height = std::min(kSide, rows - r);
    for (size_t c = 0; c < columns; c += kSide) {
      const size_t width = std::min(kSide, columns - c);
      const uint8_t* from = in + r * in_stride + c;
      uint8_t* to = out + c * out_stride + r;
      if (height == kSide && width == kSide) {
        transpose_16x16(from, in_stride, to, out_stride);
        continue;
      }
      for (size_t i = 0; i < height; ++i) {
        for (size_t j = 0; j < width; ++j) to[j * out_stride + i] = from[i * in_stride + j];
      }
    }
  }
}

}  // namespace recto
