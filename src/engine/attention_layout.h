#pragma once
// How attention cuts its work and where its scratch lies; the same for every instruction set.
// Plain constants only: files compiled for AVX2 or AVX-512 include this header.

#include <cstdint>

namespace recto {

/// Queries and keys of a block: 48 x 256 scores stay in the second-level cache.
inline constexpr int64_t kQueryBlock = 48;
inline constexpr int64_t kKeyBlock = 256;
/// Row distance of queries and scores: not a power of two, or their rows would share cache sets.
inline constexpr int64_t kBlockStride = kKeyBlock + 16;
/// Keys and value columns are laid out in panels of at most this width (2 AVX-512 registers).
inline constexpr int64_t kMaxPanel = 32;

inline constexpr int64_t round_up(int64_t value, int64_t step) {
  return (value + step - 1) / step * step;
}
/// Query blocks are held in pieces of kKeyBlock elements of the head.
inline constexpr int64_t query_pieces(int64_t head_dim) {
  return (head_dim + kKeyBlock - 1) / kKeyBlock;
}

/// The parts of AttentionTask::scratch, as offsets in floats.
struct AttentionLayout {
  int64_t keys;     ///< panels of keys, transposed: [panel][head_dim][panel width]
  int64_t values;   ///< panels of value columns: [panel][tokens][panel width]
  int64_t queries;  ///< [pieces][kQueryBlock][kBlockStride], scaled
  int64_t scores;   ///< [kQueryBlock][kBlockStride]
  int64_t output;   ///< [kQueryBlock][head_dim rounded up]
  int64_t maximum;  ///< [kQueryBlock] running maximum of each row
  int64_t total;    ///< [kQueryBlock] running sum of exponentials
  int64_t end;

  AttentionLayout(int64_t tokens, int64_t head_dim) {
    const int64_t width = round_up(head_dim, kMaxPanel);
    keys = 0;
    values = round_up(round_up(tokens, kMaxPanel) * head_dim, 16);
    queries = values + tokens * width;
    scores = queries + query_pieces(head_dim) * kQueryBlock * kBlockStride;
    output = scores + kQueryBlock * kBlockStride;
    maximum = output + kQueryBlock * width;
    total = maximum + kQueryBlock;
    end = total + kQueryBlock;
  }
};

}  // namespace recto
