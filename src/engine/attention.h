#pragma once
// Self-attention over one sequence whose queries, keys and values stand side by side.

#include <cstdint>

#include "engine/workspace.h"

namespace recto {

/// Query head i attends to key/value head i / (heads / kv_heads).
struct AttentionShape {
  int heads = 0;
  int kv_heads = 0;
  int head_dim = 0;
  bool causal = false;

  /// Floats of a row of queries, keys and values.
  int64_t row() const { return static_cast<int64_t>(heads + 2 * kv_heads) * head_dim; }
  int64_t output_row() const { return static_cast<int64_t>(heads) * head_dim; }
};

/// softmax(Q K^T / sqrt(head_dim)) V. `qkv` is [tokens, shape.row()]: queries, then keys, then
/// values; `output` [tokens, shape.output_row()]. No memory quadratic in `tokens`. The result does
/// not depend on the number of threads.
void attention(const AttentionShape& shape, const float* qkv, int64_t tokens, float* output,
               Workspace& workspace);

}  // namespace recto
