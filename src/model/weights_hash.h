#pragma once
// The hash of a checkpoint's weights, remembered between runs.

#include <cstdint>
#include <filesystem>
#include <string>

#include "model/weights.h"

namespace recto {

/// Where hashes are kept, and which.
struct HashCache {
  std::filesystem::path directory;          ///< empty: nowhere
  uint64_t min_bytes = uint64_t{64} << 20;  ///< smaller weights are hashed in less than 50 ms
  int settle_seconds = 3;                   ///< files changed since then may change unnoticed
};

/// $XDG_CACHE_HOME/recto/weights or ~/.cache/recto/weights.
HashCache user_hash_cache();

/// weights.sha256() of weights as they were loaded, from the cache if it was kept there under the
/// identity of their files (device, inode, size, times of change), else computed and kept. A cache
/// that cannot be read or written is passed over. See docs/decisions/0004-weights-hash.md.
std::string weights_sha256(const Weights& weights, const HashCache& cache = user_hash_cache());

}  // namespace recto
