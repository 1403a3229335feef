#pragma once
// Hashes that differ in few bits from one of them: the inner loop of the search for near-duplicate
// pages, for each instruction set. All give the same result.

#include <array>
#include <cstddef>
#include <cstdint>

namespace recto {

/// Many hashes of 256 bits, word by word: word k of hash i is planes[k][i].
using HashPlanes = std::array<const uint64_t*, 4>;

struct HashNeighbour {
  uint32_t index;
  uint32_t distance;  ///< differing bits
};

/// Writes the hashes i of [begin, end) that differ from `hash` in at most `max_distance` bits to
/// `out`, ascending, and returns how many they are. `out` has room for end - begin; the planes are
/// readable to `end`.
using FindNeighbours = size_t (*)(const HashPlanes& planes, size_t begin, size_t end,
                                  const std::array<uint64_t, 4>& hash, uint32_t max_distance,
                                  HashNeighbour* out);

size_t find_neighbours_sse2(const HashPlanes& planes, size_t begin, size_t end,
                            const std::array<uint64_t, 4>& hash, uint32_t max_distance,
                            HashNeighbour* out);
size_t find_neighbours_avx2(const HashPlanes& planes, size_t begin, size_t end,
                            const std::array<uint64_t, 4>& hash, uint32_t max_distance,
                            HashNeighbour* out);
size_t find_neighbours_avx512(const HashPlanes& planes, size_t begin, size_t end,
                              const std::array<uint64_t, 4>& hash, uint32_t max_distance,
                              HashNeighbour* out);

/// One hash at a time: for the last few of a range.
size_t find_neighbours_plainly(const HashPlanes& planes, size_t begin, size_t end,
                               const std::array<uint64_t, 4>& hash, uint32_t max_distance,
                               HashNeighbour* out);

/// The best one this machine runs (base/cpu.h).
FindNeighbours find_neighbours();

}  // namespace recto
