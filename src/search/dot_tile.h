// The loop all dot kernels share, included once by each of them. V is a vector of V::kLanes floats
// with zero(), load(), add_product() and sum(). Everything is in an anonymous namespace: each
// including file is compiled for another instruction set.
#pragma once

#include <cstdint>

namespace {

/// Scores of R rows with Q queries, all R x Q sums held in registers.
template <class V, int R, int Q>
inline void dot_tile(const float* rows, const float* queries, int64_t dims, float* scores,
                     int64_t stride) {
  V sums[R][Q];
  for (int r = 0; r < R; ++r) {
    for (int q = 0; q < Q; ++q) sums[r][q] = V::zero();
  }
  const int64_t whole = dims - dims % V::kLanes;
  for (int64_t i = 0; i < whole; i += V::kLanes) {
    V row[R];
    for (int r = 0; r < R; ++r) row[r] = V::load(rows + r * dims + i);
    for (int q = 0; q < Q; ++q) {
      const V query = V::load(queries + q * dims + i);
      for (int r = 0; r < R; ++r) sums[r][q].add_product(row[r], query);
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int q = 0; q < Q; ++q) {
      float score = sums[r][q].sum();
      for (int64_t i = whole; i < dims; ++i) score += rows[r * dims + i] * queries[q * dims + i];
      scores[q * stride + r] = score;
    }
  }
}

/// R rows with all queries, Q at a time.
template <class V, int R, int Q>
inline void dot_rows(const float* rows, const float* queries, int64_t query_count, int64_t dims,
                     float* scores, int64_t stride) {
  int64_t q = 0;
  for (; q + Q <= query_count; q += Q) {
    dot_tile<V, R, Q>(rows, queries + q * dims, dims, scores + q * stride, stride);
  }
  for (; q < query_count; ++q) {
    dot_tile<V, R, 1>(rows, queries + q * dims, dims, scores + q * stride, stride);
  }
}

template <class V, int R, int Q>
inline void dots(const float* rows, int64_t row_count, const float* queries, int64_t query_count,
                 int64_t dims, float* scores, int64_t stride) {
  int64_t r = 0;
  for (; r + R <= row_count; r += R) {
    dot_rows<V, R, Q>(rows + r * dims, queries, query_count, dims, scores + r, stride);
  }
  for (; r < row_count; ++r) {
    dot_rows<V, 1, Q>(rows + r * dims, queries, query_count, dims, scores + r, stride);
  }
}

}  // namespace
