#include <immintrin.h>

#include "page/resample_kernels.h"

namespace recto {
namespace {

constexpr size_t kLanes = 32;

struct Sums {
  __m256i high[4];
  __m256i low[4];
};

inline void add_pair(Sums& sums, __m256i first, __m256i second, const TapPair& pair) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i high = _mm256_set1_epi32(pair.high);
  const __m256i low = _mm256_set1_epi32(pair.low);
  const __m256i even = _mm256_unpacklo_epi8(first, second);
  const __m256i odd = _mm256_unpackhi_epi8(first, second);
  const __m256i words[4] = {_mm256_unpacklo_epi8(even, zero), _mm256_unpackhi_epi8(even, zero),
                            _mm256_unpacklo_epi8(odd, zero), _mm256_unpackhi_epi8(odd, zero)};
  for (int j = 0; j < 4; ++j) {
    sums.high[j] = _mm256_add_epi32(sums.high[j], _mm256_madd_epi16(words[j], high));
    sums.low[j] = _mm256_add_epi32(sums.low[j], _mm256_madd_epi16(words[j], low));
  }
}

inline __m256i finish(const Sums& sums) {
  __m256i value[4];
  for (int j = 0; j < 4; ++j) {
    const __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(sums.high[j], kLowBits), sums.low[j]);
    value[j] = _mm256_srai_epi32(sum, kWeightBits);
  }
  return _mm256_packus_epi16(_mm256_packs_epi32(value[0], value[1]),
                             _mm256_packs_epi32(value[2], value[3]));
}

inline __m256i load(const uint8_t* address) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(address));
}

inline void block(const uint8_t* in, ptrdiff_t stride, const TapPair* pairs, int taps,
                  uint8_t* out) {
  Sums sums;
  for (int j = 0; j < 4; ++j) {
    sums.high[j] = _mm256_setzero_si256();
    sums.low[j] = _mm256_set1_epi32(1 << (kWeightBits - 1));
  }
  for (int k = 0; k + 1 < taps; k += 2, in += 2 * stride, ++pairs) {
    add_pair(sums, load(in), load(in + stride), *pairs);
  }
  if (taps % 2 != 0) add_pair(sums, load(in), _mm256_setzero_si256(), *pairs);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), finish(sums));
}

}  // namespace

void weighted_sum_avx2(const uint8_t* in, ptrdiff_t stride, const TapPair* pairs, int taps,
                       uint8_t* out, size_t n) {
  if (n < kLanes) {
    weighted_sum_scalar(in, stride, pairs, taps, out, n);
    return;
  }
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) block(in + i, stride, pairs, taps, out + i);
  if (i < n) block(in + n - kLanes, stride, pairs, taps, out + n - kLanes);
}

}  // namespace recto
