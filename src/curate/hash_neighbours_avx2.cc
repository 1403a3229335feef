#include <immintrin.h>

#include "curate/hash_neighbours.h"

namespace recto {
namespace {

inline __m256i load(const uint64_t* words) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words));
}

// Set bits in each byte, looked up by nibbles.
inline __m256i byte_counts(__m256i bits) {
  const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                          0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i low = _mm256_set1_epi8(15);
  return _mm256_add_epi8(
      _mm256_shuffle_epi8(counts, _mm256_and_si256(bits, low)),
      _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(bits, 4), low)));
}

inline __m256i difference(const HashPlanes& planes, size_t i, const __m256i* hash, int first) {
  return _mm256_add_epi8(
      byte_counts(_mm256_xor_si256(load(planes[first] + i), hash[first])),
      byte_counts(_mm256_xor_si256(load(planes[first + 1] + i), hash[first + 1])));
}

}  // namespace

size_t find_neighbours_avx2(const HashPlanes& planes, size_t begin, size_t end,
                            const std::array<uint64_t, 4>& hash, uint32_t max_distance,
                            HashNeighbour* out) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i limit = _mm256_set1_epi64x(max_distance);
  __m256i wanted[4];
  for (int k = 0; k < 4; ++k) wanted[k] = _mm256_set1_epi64x(static_cast<int64_t>(hash[k]));
  size_t found = 0;
  size_t i = begin;
  for (; i + 4 <= end; i += 4) {
    const __m256i half = difference(planes, i, wanted, 0);
    // Half of the words nearly always decide.
    const __m256i far = _mm256_cmpgt_epi64(_mm256_sad_epu8(half, zero), limit);
    if (_mm256_movemask_epi8(far) == -1) continue;
    const __m256i sums =
        _mm256_sad_epu8(_mm256_add_epi8(half, difference(planes, i, wanted, 2)), zero);
    alignas(32) uint64_t distances[4];
    _mm256_store_si256(reinterpret_cast<__m256i*>(distances), sums);
    for (size_t lane = 0; lane < 4; ++lane) {
      if (distances[lane] > max_distance) continue;
      out[found++] = {static_cast<uint32_t>(i + lane), static_cast<uint32_t>(distances[lane])};
    }
  }
  return found + find_neighbours_plainly(planes, i, end, hash, max_distance, out + found);
}

}  // namespace recto
