#pragma once
// Dot products of many rows with many queries, in the widest instructions the machine has.

#include <cstdint>

namespace recto {

/// scores[q * stride + r] = sum over i of queries[q * dims + i] * rows[r * dims + i] for
/// q < query_count, r < row_count. A score depends on its two vectors alone, not on their
/// neighbours; kernels of different instruction sets differ by rounding.
using DotKernel = void (*)(const float* rows, int64_t row_count, const float* queries,
                           int64_t query_count, int64_t dims, float* scores, int64_t stride);

void dots_sse(const float* rows, int64_t row_count, const float* queries, int64_t query_count,
              int64_t dims, float* scores, int64_t stride);
void dots_avx2(const float* rows, int64_t row_count, const float* queries, int64_t query_count,
               int64_t dims, float* scores, int64_t stride);
void dots_avx512(const float* rows, int64_t row_count, const float* queries, int64_t query_count,
                 int64_t dims, float* scores, int64_t stride);

/// The best one this machine runs (base/cpu.h).
DotKernel dot_kernel();

}  // namespace recto
