#pragma once
// The inner loops of resize(): one weighted sum of rows, for each instruction set.
//
// A weight w has 22 fractional bits in an int32, as in Pillow. To use 16-bit multiply-add it is
// split into w = (high << 12) + low with 0 <= low < 4096; both halves fit int16, both sums are
// exact in int32, and (sum(high) << 12) + sum(low) is the int32 sum that Pillow forms. So every
// kernel gives the same bytes.

#include <cstddef>
#include <cstdint>

namespace recto {

/// Fractional bits of a weight, and of its low half.
inline constexpr int kWeightBits = 22;
inline constexpr int kLowBits = 12;

/// Weights of two neighbouring taps, the first in the low 16 bits of each half.
struct TapPair {
  int32_t high;
  int32_t low;
};

/// out[i] = clip8((2^21 + sum over k < taps of weight[k] * in[k * stride + i]) >> 22) for i < n.
/// `pairs` holds (taps + 1) / 2 entries; the weight of a missing last tap is 0 and its row is not
/// read. `out` does not overlap `in`.
using WeightedSum = void (*)(const uint8_t* in, ptrdiff_t stride, const TapPair* pairs, int taps,
                             uint8_t* out, size_t n);

void weighted_sum_scalar(const uint8_t* in, ptrdiff_t stride, const TapPair* pairs, int taps,
                         uint8_t* out, size_t n);
void weighted_sum_avx2(const uint8_t* in, ptrdiff_t stride, const TapPair* pairs, int taps,
                       uint8_t* out, size_t n);
void weighted_sum_avx512(const uint8_t* in, ptrdiff_t stride, const TapPair* pairs, int taps,
                         uint8_t* out, size_t n);

}  // namespace recto
