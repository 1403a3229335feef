#include <immintrin.h>

#include "page/resample_kernels.h"

namespace recto {
namespace {

constexpr size_t kLanes = 64;

struct Sums {
  __m512i high[4];
  __m512i low[4];
};

inline void add_pair(Sums& sums, __m512i first, __m512i second, const TapPair& pair) {
  const __m512i zero = _mm512_setzero_si512();
  const __m512i high = _mm512_set1_epi32(pair.high);
  const __m512i low = _mm512_set1_epi32(pair.low);
  const __m512i even = _mm512_unpacklo_epi8(first, second);
  const __m512i odd = _mm512_unpackhi_epi8(first, second);
  const __m512i words[4] = {_mm512_unpacklo_epi8(even, zero), _mm512_unpackhi_epi8(even, zero),
                            _mm512_unpacklo_epi8(odd, zero), _mm512_unpackhi_epi8(odd, zero)};
  for (int j = 0; j < 4; ++j) {
    sums.high[j] = _mm512_add_epi32(sums.high[j], _mm512_madd_epi16(words[j], high));
    sums.low[j] = _mm512_add_epi32(sums.low[j], _mm512_madd_epi16(words[j], low));
  }
}

inline __m512i finish(const Sums& sums) {
  __m512i value[4];
  for (int j = 0; j < 4; ++j) {
    const __m512i sum = _mm512_add_epi32(_mm512_slli_epi32(sums.high[j], kLowBits), sums.low[j]);
    value[j] = _mm512_srai_epi32(sum, kWeightBits);
  }
  return _mm512_packus_epi16(_mm512_packs_epi32(value[0], value[1]),
                             _mm512_packs_epi32(value[2], value[3]));
}

inline __m512i load(const uint8_t* address) { return _mm512_loadu_si512(address); }

inline void block(const uint8_t* in, ptrdiff_t stride, const TapPair* pairs, int taps,
                  uint8_t* out) {
  Sums sums;
  for (int j = 0; j < 4; ++j) {
    sums.high[j] = _mm512_setzero_si512();
    sums.low[j] = _mm512_set1_epi32(1 << (kWeightBits - 1));
  }
  for (int k = 0; k + 1 < taps; k += 2, in += 2 * stride, ++pairs) {
    add_pair(sums, load(in), load(in + stride), *pairs);
  }
  if (taps % 2 != 0) add_pair(sums, load(in), _mm512_setzero_si512(), *pairs);
  _mm512_storeu_si512(out, finish(sums));
}

}  // namespace

void weighted_sum_avx512(const uint8_t* in, ptrdiff_t stride, const TapPair* pairs, int taps,
                         uint8_t* out, size_t n) {
  if (n < kLanes) {
    weighted_sum_avx2(in, stride, pairs, taps, out, n);
    return;
  }
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) block(in + i, stride, pairs, taps, out + i);
  if (i < n) block(in + n - kLanes, stride, pairs, taps, out + n - kLanes);
}

}  // namespace recto
