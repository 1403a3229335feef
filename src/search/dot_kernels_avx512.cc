#include <immintrin.h>

#include "search/dot_kernels.h"
#include "search/dot_tile.h"

namespace recto {

namespace {

struct Avx512 {
  static constexpr int64_t kLanes = 16;
  __m512 value;

  static Avx512 zero() { return {_mm512_setzero_ps()}; }
  static Avx512 load(const float* from) { return {_mm512_loadu_ps(from)}; }
  void add_product(Avx512 a, Avx512 b) { value = _mm512_fmadd_ps(a.value, b.value, value); }
  float sum() const { return _mm512_reduce_add_ps(value); }
};

}  // namespace

// 4 x 6 sums, 4 rows and a query of 32 registers.
void dots_avx512(const float* rows, int64_t row_count, const float* queries, int64_t query_count,
                 int64_t dims, float* scores, int64_t stride) {
  dots<Avx512, 4, 6>(rows, row_count, queries, query_count, dims, scores, stride);
}

}  // namespace recto
