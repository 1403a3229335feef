#pragma once
// The arithmetic that oneDNN does not do for us, compiled once for each instruction set and chosen
// at run time. Plain declarations only: files compiled for AVX2 or AVX-512 include this header.

#include <cstdint>

namespace recto {

/// Attention of the query heads that share one key/value head, over one sequence. All pointers are
/// to the first row (token) of that sequence and the first element of the head; rows lie `stride`
/// floats apart.
struct AttentionTask {
  const float* query = nullptr;  ///< [tokens, query_heads * head_dim]
  const float* key = nullptr;    ///< [tokens, head_dim]
  const float* value = nullptr;  ///< [tokens, head_dim]
  int64_t stride = 0;            ///< of query, key and value
  float* output = nullptr;       ///< [tokens, query_heads * head_dim]
  int64_t output_stride = 0;
  int64_t tokens = 0;
  int64_t first_query = 0;  ///< rows of the output to compute: [first_query, end_query)
  int64_t end_query = 0;
  int query_heads = 1;
  int head_dim = 0;
  bool causal = false;
  float scale = 1;           ///< of the scores, before the softmax
  float* scratch = nullptr;  ///< attention_scratch_floats() floats, aligned to 64 bytes
};

/// Scratch that AttentionTask needs, for every instruction set. Linear in `tokens`: scores exist
/// only for a block of queries and keys at a time.
int64_t attention_scratch_floats(int64_t tokens, int head_dim);

/// Operations of the norms below for each element, roughly.
inline constexpr int64_t kNormCost = 8;

/// One instruction set's kernels. Rows are dense unless a stride is given. Results of a row depend
/// on that row alone.
struct Kernels {
  const char* name;

  /// (x - mean) / sqrt(variance + eps) * weight + bias for each of `rows` rows of `width`.
  void (*layer_norm)(const float* x, const float* weight, const float* bias, float eps,
                     int64_t rows, int64_t width, float* out);
  /// x / sqrt(mean(x^2) + eps) * weight.
  void (*rms_norm)(const float* x, const float* weight, float eps, int64_t rows, int64_t width,
                   float* out);
  /// `gate_up` rows hold gate[width] then up[width]: out = silu(gate) * up.
  void (*silu_gate)(const float* gate_up, int64_t rows, int64_t width, float* out);
  /// Rotary embedding of one token, in place, for `heads` heads of head_dim: (a, b) halves become
  /// (a cos - b sin, b cos + a sin); `cosine` and `sine` have head_dim / 2 values.
  void (*rotate_half)(float* x, int64_t heads, int64_t head_dim, const float* cosine,
                      const float* sine);
  /// softmax(scale * Q K^T) V with the softmax in fp32.
  void (*attend)(const AttentionTask& task);
  /// `count` little-endian 16-bit numbers, at any address.
  void (*bf16_to_float)(const unsigned char* bytes, int64_t count, float* out);
  void (*f16_to_float)(const unsigned char* bytes, int64_t count, float* out);
  /// Adds the softmax of each of `rows` rows of `width` to `sums` [width]. The logits are
  /// overwritten.
  void (*add_softmax)(float* logits, int64_t rows, int64_t width, float* sums);
};

const Kernels& portable_kernels();
const Kernels& avx2_kernels();    ///< call only where cpu_features().avx2
const Kernels& avx512_kernels();  ///< call only where cpu_features().avx512

/// The best of this machine.
const Kernels& kernels();

}  // namespace recto
