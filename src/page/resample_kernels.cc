#include "page/resample_kernels.h"

#include <algorithm>

namespace recto {
namespace {

int32_t weight(const TapPair& pair, int second) {
  const int shift = second * 16;
  const auto high = static_cast<int16_t>(static_cast<uint32_t>(pair.high) >> shift);
  const auto low = static_cast<int16_t>(static_cast<uint32_t>(pair.low) >> shift);
  return high * (1 << kLowBits) + low;
}

}  // namespace

void weighted_sum_scalar(const uint8_t* in, ptrdiff_t stride, const TapPair* pairs, int taps,
                         uint8_t* out, size_t n) {
  constexpr size_t kBlock = 64;
  for (size_t begin = 0; begin < n; begin += kBlock) {
    const size_t size = std::min(kBlock, n - begin);
    int32_t sum[kBlock];
    std::fill(sum, sum + size, 1 << (kWeightBits - 1));
    for (int k = 0; k < taps; ++k) {
      const int32_t w = weight(pairs[k / 2], k % 2);
      const uint8_t* row = in + k * stride + begin;
      for (size_t i = 0; i < size; ++i) sum[i] += w * row[i];
    }
    for (size_t i = 0; i < size; ++i) {
      out[begin + i] = static_cast<uint8_t>(std::clamp(sum[i] >> kWeightBits, 0, 255));
    }
  }
}

}  // namespace recto
