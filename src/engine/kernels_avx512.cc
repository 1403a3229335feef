// Kernels for AVX-512 (F, BW, DQ, VL). Includes nothing but intrinsics and plain declarations.

// GCC 12's own headers start some intrinsics from an undefined register and warn of it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#include <immintrin.h>

#include "engine/attention_layout.h"
#include "engine/kernels.h"

namespace recto {
namespace {

struct Avx512 {
  using Reg = __m512;
  static constexpr int kWidth = 16;
  static constexpr int kRows = 12;  // 24 accumulators and 2 columns of 32 registers

  static Reg zero() { return _mm512_setzero_ps(); }
  static Reg set1(float x) { return _mm512_set1_ps(x); }
  static Reg load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, Reg x) { _mm512_storeu_ps(p, x); }
  static Reg add(Reg a, Reg b) { return _mm512_add_ps(a, b); }
  static Reg sub(Reg a, Reg b) { return _mm512_sub_ps(a, b); }
  static Reg mul(Reg a, Reg b) { return _mm512_mul_ps(a, b); }
  static Reg div(Reg a, Reg b) { return _mm512_div_ps(a, b); }
  static Reg fmadd(Reg a, Reg b, Reg c) { return _mm512_fmadd_ps(a, b, c); }
  static Reg max(Reg a, Reg b) { return _mm512_max_ps(a, b); }
  static Reg min(Reg a, Reg b) { return _mm512_min_ps(a, b); }
  static Reg round(Reg x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT); }
  static Reg scale2(Reg x, Reg n) { return _mm512_scalef_ps(x, n); }
  static float sum(Reg x) { return _mm512_reduce_add_ps(x); }
  static float largest(Reg x) { return _mm512_reduce_max_ps(x); }
};

#include "engine/attention_impl.h"

void f16_to_float_impl(const unsigned char* bytes, int64_t count, float* out) {
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + 2 * i));
    _mm512_storeu_ps(out + i, _mm512_cvtph_ps(half));
  }
  for (; i < count; ++i) out[i] = _cvtsh_ss(half_at(bytes, i));
}

}  // namespace

const Kernels& avx512_kernels() {
  static const Kernels table = {"avx512",           layer_norm<Avx512>,  rms_norm<Avx512>,
                                silu_gate<Avx512>,  rotate_half<Avx512>, attend<Avx512>,
                                bf16_to_float_impl, f16_to_float_impl,   add_softmax<Avx512>};
  return table;
}

}  // namespace recto
