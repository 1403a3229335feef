#include <immintrin.h>

#include "curate/hash_neighbours.h"

namespace recto {
namespace {

inline __m512i load(const uint64_t* words) { return _mm512_loadu_si512(words); }

// Set bits in each byte, looked up by nibbles: not every AVX-512 has VPOPCNTDQ.
inline __m512i byte_counts(__m512i bits) {
  const __m512i counts =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const __m512i low = _mm512_set1_epi8(15);
  return _mm512_add_epi8(
      _mm512_shuffle_epi8(counts, _mm512_and_si512(bits, low)),
      _mm512_shuffle_epi8(counts, _mm512_and_si512(_mm512_srli_epi16(bits, 4), low)));
}

inline __m512i difference(const HashPlanes& planes, size_t i, const __m512i* hash, int first) {
  return _mm512_add_epi8(
      byte_counts(_mm512_xor_si512(load(planes[first] + i), hash[first])),
      byte_counts(_mm512_xor_si512(load(planes[first + 1] + i), hash[first + 1])));
}

}  // namespace

size_t find_neighbours_avx512(const HashPlanes& planes, size_t begin, size_t end,
                              const std::array<uint64_t, 4>& hash, uint32_t max_distance,
                              HashNeighbour* out) {
  const __m512i zero = _mm512_setzero_si512();
  const __m512i limit = _mm512_set1_epi64(max_distance);
  __m512i wanted[4];
  for (int k = 0; k < 4; ++k) wanted[k] = _mm512_set1_epi64(static_cast<int64_t>(hash[k]));
  size_t found = 0;
  size_t i = begin;
  for (; i + 8 <= end; i += 8) {
    const __m512i half = difference(planes, i, wanted, 0);
    // Half of the words nearly always decide.
    if (_mm512_cmple_epu64_mask(_mm512_sad_epu8(half, zero), limit) == 0) continue;
    const __m512i sums =
        _mm512_sad_epu8(_mm512_add_epi8(half, difference(planes, i, wanted, 2)), zero);
    unsigned near = _mm512_cmple_epu64_mask(sums, limit);
    if (near == 0) continue;
    alignas(64) uint64_t distances[8];
    _mm512_store_si512(distances, sums);
    for (size_t lane = 0; near != 0; ++lane, near >>= 1) {
      if ((near & 1) == 0) continue;
      out[found++] = {static_cast<uint32_t>(i + lane), static_cast<uint32_t>(distances[lane])};
    }
  }
  return found + find_neighbours_plainly(planes, i, end, hash, max_distance, out + found);
}

}  // namespace recto
