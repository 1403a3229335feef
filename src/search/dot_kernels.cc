#include "search/dot_kernels.h"

#include <xmmintrin.h>

#include "base/cpu.h"
#include "search/dot_tile.h"

namespace recto {

namespace {

struct Sse {
  static constexpr int64_t kLanes = 4;
  __m128 value;

  static Sse zero() { return {_mm_setzero_ps()}; }
  static Sse load(const float* from) { return {_mm_loadu_ps(from)}; }
  void add_product(Sse a, Sse b) { value = _mm_add_ps(value, _mm_mul_ps(a.value, b.value)); }
  float sum() const {
    const __m128 pairs = _mm_add_ps(value, _mm_movehl_ps(value, value));
    return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_shuffle_ps(pairs, pairs, 1)));
  }
};

}  // namespace

void dots_sse(const float* rows, int64_t row_count, const float* queries, int64_t query_count,
              int64_t dims, float* scores, int64_t stride) {
  dots<Sse, 4, 2>(rows, row_count, queries, query_count, dims, scores, stride);
}

DotKernel dot_kernel() {
  if (cpu_features().avx512) return dots_avx512;
  if (cpu_features().avx2) return dots_avx2;
  return dots_sse;
}

}  // namespace recto
