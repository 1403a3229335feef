#pragma once
// Attention of the text model over packed sequences.

#include <cstdint>
#include <vector>

#include "learn/torch.h"

namespace recto {

/// Sequences of equal length that lie one after the other in a pack.
struct PackRun {
  int64_t first_row = 0;
  int64_t sequences = 0;
  int64_t length = 0;
};

struct AttentionHeads {
  int64_t queries = 0;
  int64_t keys = 0;
  bool causal = false;
};

/// The attention() of learn/layers.h within each sequence of a pack. q [rows, heads * d], k and v
/// [rows, kv_heads * d] -> [rows, heads * d]; `runs` are all rows in their order. fp32 on a CPU
/// keeps q, k, v, the result and a number a row and head for the backward pass.
torch::Tensor packed_attention(const torch::Tensor& q, const torch::Tensor& k,
                               const torch::Tensor& v, const std::vector<PackRun>& runs,
                               const AttentionHeads& heads);

}  // namespace recto
