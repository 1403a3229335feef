// Kernels for any processor: vectors of four floats in the compiler's own vector extension.

#include "engine/attention_layout.h"
#include "engine/kernels.h"
#include "model/tensor.h"

namespace recto {
namespace {

struct Portable {
  using Reg = float __attribute__((vector_size(16)));
  using Unaligned = float __attribute__((vector_size(16), aligned(4), may_alias));
  using Integers = int32_t __attribute__((vector_size(16)));
  static constexpr int kWidth = 4;
  static constexpr int kRows = 6;

  static Reg zero() { return Reg{0, 0, 0, 0}; }
  static Reg set1(float x) { return Reg{x, x, x, x}; }
  static Reg load(const float* p) { return *reinterpret_cast<const Unaligned*>(p); }
  static void store(float* p, Reg x) { *reinterpret_cast<Unaligned*>(p) = x; }
  static Reg add(Reg a, Reg b) { return a + b; }
  static Reg sub(Reg a, Reg b) { return a - b; }
  static Reg mul(Reg a, Reg b) { return a * b; }
  static Reg div(Reg a, Reg b) { return a / b; }
  static Reg fmadd(Reg a, Reg b, Reg c) { return a * b + c; }
  static Reg max(Reg a, Reg b) { return a > b ? a : b; }
  static Reg min(Reg a, Reg b) { return a < b ? a : b; }
  static Reg round(Reg x) {
    // Adding 1.5 * 2^23 leaves no bits for a fraction, and rounds to nearest.
    const Reg magic = set1(12582912.0f);
    return (x + magic) - magic;
  }
  static Reg scale2(Reg x, Reg n) {
    const Integers exponent = __builtin_convertvector(n, Integers) + 127;
    return x * reinterpret_cast<Reg>(exponent << 23);
  }
  static float sum(Reg x) { return (x[0] + x[2]) + (x[1] + x[3]); }
  static float largest(Reg x) {
    const float a = x[0] > x[1] ? x[0] : x[1];
    const float b = x[2] > x[3] ? x[2] : x[3];
    return a > b ? a : b;
  }
};

#include "engine/attention_impl.h"

void f16_to_float_impl(const unsigned char* bytes, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = f16_to_float(half_at(bytes, i));
}

}  // namespace

const Kernels& portable_kernels() {
  static const Kernels table = {"portable",          layer_norm<Portable>,  rms_norm<Portable>,
                                silu_gate<Portable>, rotate_half<Portable>, attend<Portable>,
                                bf16_to_float_impl,  f16_to_float_impl,     add_softmax<Portable>};
  return table;
}

}  // namespace recto
