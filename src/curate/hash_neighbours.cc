#include "curate/hash_neighbours.h"

#include <emmintrin.h>

#include <bit>

#include "base/cpu.h"

namespace recto {
namespace {

// Set bits in each byte: no POPCNT is taken for granted.
inline __m128i byte_counts(__m128i bits) {
  const __m128i odd = _mm_set1_epi8(0x55);
  const __m128i pairs = _mm_set1_epi8(0x33);
  const __m128i nibbles = _mm_set1_epi8(0x0f);
  bits = _mm_sub_epi8(bits, _mm_and_si128(_mm_srli_epi64(bits, 1), odd));
  bits = _mm_add_epi8(_mm_and_si128(bits, pairs), _mm_and_si128(_mm_srli_epi64(bits, 2), pairs));
  return _mm_and_si128(_mm_add_epi8(bits, _mm_srli_epi64(bits, 4)), nibbles);
}

inline __m128i difference(const HashPlanes& planes, size_t i, const __m128i* hash, int word) {
  const auto* words = reinterpret_cast<const __m128i*>(planes[word] + i);
  return byte_counts(_mm_xor_si128(_mm_loadu_si128(words), hash[word]));
}

uint32_t distance_of(const HashPlanes& planes, size_t i, const std::array<uint64_t, 4>& hash) {
  int distance = 0;
  for (size_t k = 0; k < hash.size(); ++k) distance += std::popcount(planes[k][i] ^ hash[k]);
  return static_cast<uint32_t>(distance);
}

}  // namespace

size_t find_neighbours_sse2(const HashPlanes& planes, size_t begin, size_t end,
                            const std::array<uint64_t, 4>& hash, uint32_t max_distance,
                            HashNeighbour* out) {
  const __m128i zero = _mm_setzero_si128();
  const __m128i limit = _mm_set1_epi32(static_cast<int>(max_distance));
  __m128i wanted[4];
  for (int k = 0; k < 4; ++k) wanted[k] = _mm_set1_epi64x(static_cast<int64_t>(hash[k]));
  size_t found = 0;
  size_t i = begin;
  for (; i + 2 <= end; i += 2) {
    const __m128i half =
        _mm_add_epi8(difference(planes, i, wanted, 0), difference(planes, i, wanted, 1));
    // Half of the words nearly always decide. The sums are in the low halves of 64-bit lanes.
    const __m128i far = _mm_cmpgt_epi32(_mm_sad_epu8(half, zero), limit);
    if ((_mm_movemask_epi8(far) & 0x0101) == 0x0101) continue;
    for (size_t lane = 0; lane < 2; ++lane) {
      const uint32_t distance = distance_of(planes, i + lane, hash);
      if (distance <= max_distance) out[found++] = {static_cast<uint32_t>(i + lane), distance};
    }
  }
  return found + find_neighbours_plainly(planes, i, end, hash, max_distance, out + found);
}

size_t find_neighbours_plainly(const HashPlanes& planes, size_t begin, size_t end,
                               const std::array<uint64_t, 4>& hash, uint32_t max_distance,
                               HashNeighbour* out) {
  size_t found = 0;
  for (size_t i = begin; i < end; ++i) {
    const uint32_t distance = distance_of(planes, i, hash);
    if (distance <= max_distance) out[found++] = {static_cast<uint32_t>(i), distance};
  }
  return found;
}

FindNeighbours find_neighbours() {
  if (cpu_features().avx512) return find_neighbours_avx512;
  if (cpu_features().avx2) return find_neighbours_avx2;
  return find_neighbours_sse2;
}

}  // namespace recto
