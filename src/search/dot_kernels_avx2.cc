#include <immintrin.h>

#include "search/dot_kernels.h"
#include "search/dot_tile.h"

namespace recto {

namespace {

struct Avx2 {
  static constexpr int64_t kLanes = 8;
  __m256 value;

  static Avx2 zero() { return {_mm256_setzero_ps()}; }
  static Avx2 load(const float* from) { return {_mm256_loadu_ps(from)}; }
  void add_product(Avx2 a, Avx2 b) { value = _mm256_fmadd_ps(a.value, b.value, value); }
  float sum() const {
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(value), _mm256_extractf128_ps(value, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
  }
};

}  // namespace

// 3 x 4 sums, 3 rows and a query: all 16 registers.
void dots_avx2(const float* rows, int64_t row_count, const float* queries, int64_t query_count,
               int64_t dims, float* scores, int64_t stride) {
  dots<Avx2, 3, 4>(rows, row_count, queries, query_count, dims, scores, stride);
}

}  // namespace recto
