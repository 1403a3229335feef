#include "curate/hash_neighbours.h"

#include "base/cpu.h"

namespace recto {
namespace {

constexpr uint64_t kOdd = 0x5555555555555555;
constexpr uint64_t kPairs = 0x3333333333333333;
constexpr uint64_t kNibbles = 0x0f0f0f0f0f0f0f0f;
constexpr uint64_t kOnes = 0x0101010101010101;

/// Set bits in each byte: no POPCNT is taken for granted, and compilers vectorise it.
uint64_t byte_counts(uint64_t bits) {
  bits -= bits >> 1 & kOdd;
  bits = (bits & kPairs) + (bits >> 2 & kPairs);
  return (bits + (bits >> 4)) & kNibbles;
}

}  // namespace

size_t find_neighbours_scalar(const HashPlanes& planes, size_t begin, size_t end,
                              const std::array<uint64_t, 4>& hash, uint32_t max_distance,
                              HashNeighbour* out) {
  size_t found = 0;
  for (size_t i = begin; i < end; ++i) {
    uint64_t counts = byte_counts(planes[0][i] ^ hash[0]) + byte_counts(planes[1][i] ^ hash[1]);
    // A sum of bytes ends up in the highest; half of the words nearly always decide.
    if (counts * kOnes >> 56 > max_distance) continue;
    counts += byte_counts(planes[2][i] ^ hash[2]) + byte_counts(planes[3][i] ^ hash[3]);
    // 256 does not fit into a byte: all bits differ, as the complement of nothing else has.
    const auto distance = counts == kOnes * 32 ? 256 : static_cast<uint32_t>(counts * kOnes >> 56);
    if (distance <= max_distance) out[found++] = {static_cast<uint32_t>(i), distance};
  }
  return found;
}

FindNeighbours find_neighbours() {
  if (cpu_features().avx512) return find_neighbours_avx512;
  if (cpu_features().avx2) return find_neighbours_avx2;
  return find_neighbours_scalar;
}

}  // namespace recto
