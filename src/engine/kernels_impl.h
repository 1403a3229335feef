// The kernels, written once over a vector type V and included by kernels_*.cc, each inside an
// unnamed namespace and compiled for its own instruction set. Nothing from the standard library may
// be used here: an inline function of it compiled for AVX-512 could be the copy the linker keeps.
//
// V has: kWidth floats in a Reg; kRows x 2 Regs are the accumulators of a matrix micro-kernel;
// zero, set1, load, store, add, sub, mul, div, fmadd(a, b, c) = a b + c, max, min, round (to
// nearest integer), scale2 (x 2^n of integral n), sum, largest.
// NOLINTBEGIN(misc-definitions-in-headers): this is a template body, not a header of declarations.

/// e^x, relative error below 2e-7 for x in [-87, 88]; arguments outside are clipped to it.
template <class V>
inline typename V::Reg exponential(typename V::Reg x) {
  x = V::min(V::max(x, V::set1(-87.0f)), V::set1(88.0f));
  const auto n = V::round(V::mul(x, V::set1(1.44269504088896341f)));
  // ln 2 in two parts, so that the remainder is exact (Cody and Waite).
  auto r = V::fmadd(n, V::set1(-0.693359375f), x);
  r = V::fmadd(n, V::set1(2.12194440e-4f), r);
  // Minimax polynomial of Cephes' expf on [-ln2/2, ln2/2].
  auto p = V::set1(1.9875691500e-4f);
  p = V::fmadd(p, r, V::set1(1.3981999507e-3f));
  p = V::fmadd(p, r, V::set1(8.3334519073e-3f));
  p = V::fmadd(p, r, V::set1(4.1665795894e-2f));
  p = V::fmadd(p, r, V::set1(1.6666665459e-1f));
  p = V::fmadd(p, r, V::set1(5.0000001201e-1f));
  p = V::fmadd(V::mul(p, r), r, V::add(r, V::set1(1.0f)));
  return V::scale2(p, n);
}

/// 2^x, relative error below 2e-7 for x in [-126, 0]; smaller arguments are clipped to it. With the
/// factor log2(e) in the scale of the scores this is the softmax's exponential, at two thirds of
/// the cost of the one above.
template <class V>
inline typename V::Reg power_of_two(typename V::Reg x) {
  x = V::max(x, V::set1(-126.0f));
  const auto n = V::round(x);
  const auto r = V::sub(x, n);
  // Minimax polynomial of Cephes' exp2f on [-1/2, 1/2].
  auto p = V::set1(1.535336188319500e-4f);
  p = V::fmadd(p, r, V::set1(1.339887440266574e-3f));
  p = V::fmadd(p, r, V::set1(9.618437357674640e-3f));
  p = V::fmadd(p, r, V::set1(5.550332471162809e-2f));
  p = V::fmadd(p, r, V::set1(2.402264791363012e-1f));
  p = V::fmadd(p, r, V::set1(6.931472028550421e-1f));
  return V::scale2(V::fmadd(p, r, V::set1(1.0f)), n);
}

template <class V>
inline float power_of_two_of(float x) {
  alignas(64) float lanes[V::kWidth];
  V::store(lanes, power_of_two<V>(V::set1(x)));
  return lanes[0];
}

/// The exponential of one number, by the same arithmetic.
template <class V>
inline float exponential_of(float x) {
  alignas(64) float lanes[V::kWidth];
  V::store(lanes, exponential<V>(V::set1(x)));
  return lanes[0];
}

template <class V>
inline float sum_of(const float* x, int64_t n) {
  auto total = V::zero();
  int64_t i = 0;
  for (; i + V::kWidth <= n; i += V::kWidth) total = V::add(total, V::load(x + i));
  float sum = V::sum(total);
  for (; i < n; ++i) sum += x[i];
  return sum;
}

/// Sum of (x - shift)^2.
template <class V>
inline float squares_of(const float* x, float shift, int64_t n) {
  auto total = V::zero();
  int64_t i = 0;
  for (; i + V::kWidth <= n; i += V::kWidth) {
    const auto d = V::sub(V::load(x + i), V::set1(shift));
    total = V::fmadd(d, d, total);
  }
  float sum = V::sum(total);
  for (; i < n; ++i) sum += (x[i] - shift) * (x[i] - shift);
  return sum;
}

template <class V>
void layer_norm(const float* x, const float* weight, const float* bias, float eps, int64_t rows,
                int64_t width, float* out) {
  for (int64_t row = 0; row < rows; ++row, x += width, out += width) {
    const float mean = sum_of<V>(x, width) / static_cast<float>(width);
    const float variance = squares_of<V>(x, mean, width) / static_cast<float>(width);
    const float factor = 1.0f / __builtin_sqrtf(variance + eps);
    int64_t i = 0;
    for (; i + V::kWidth <= width; i += V::kWidth) {
      const auto centred = V::mul(V::sub(V::load(x + i), V::set1(mean)), V::set1(factor));
      V::store(out + i, V::fmadd(centred, V::load(weight + i), V::load(bias + i)));
    }
    for (; i < width; ++i) out[i] = (x[i] - mean) * factor * weight[i] + bias[i];
  }
}

template <class V>
void rms_norm(const float* x, const float* weight, float eps, int64_t rows, int64_t width,
              float* out) {
  for (int64_t row = 0; row < rows; ++row, x += width, out += width) {
    const float mean = squares_of<V>(x, 0.0f, width) / static_cast<float>(width);
    const float factor = 1.0f / __builtin_sqrtf(mean + eps);
    int64_t i = 0;
    for (; i + V::kWidth <= width; i += V::kWidth) {
      V::store(out + i, V::mul(V::mul(V::load(x + i), V::set1(factor)), V::load(weight + i)));
    }
    for (; i < width; ++i) out[i] = x[i] * factor * weight[i];
  }
}

template <class V>
void silu_gate(const float* gate_up, int64_t rows, int64_t width, float* out) {
  const auto one = V::set1(1.0f);
  for (int64_t row = 0; row < rows; ++row, gate_up += 2 * width, out += width) {
    const float* up = gate_up + width;
    int64_t i = 0;
    for (; i + V::kWidth <= width; i += V::kWidth) {
      const auto gate = V::load(gate_up + i);
      const auto decay = exponential<V>(V::sub(V::zero(), gate));
      V::store(out + i, V::mul(V::div(gate, V::add(one, decay)), V::load(up + i)));
    }
    for (; i < width; ++i) {
      out[i] = gate_up[i] / (1.0f + exponential_of<V>(-gate_up[i])) * up[i];
    }
  }
}

template <class V>
void rotate_half(float* x, int64_t heads, int64_t head_dim, const float* cosine,
                 const float* sine) {
  const int64_t half = head_dim / 2;
  for (int64_t head = 0; head < heads; ++head, x += head_dim) {
    int64_t i = 0;
    for (; i + V::kWidth <= half; i += V::kWidth) {
      const auto a = V::load(x + i);
      const auto b = V::load(x + half + i);
      const auto c = V::load(cosine + i);
      const auto s = V::load(sine + i);
      V::store(x + i, V::sub(V::mul(a, c), V::mul(b, s)));
      V::store(x + half + i, V::add(V::mul(b, c), V::mul(a, s)));
    }
    for (; i < half; ++i) {
      const float a = x[i];
      const float b = x[half + i];
      x[i] = a * cosine[i] - b * sine[i];
      x[half + i] = b * cosine[i] + a * sine[i];
    }
  }
}

/// Exponentials of x[i] - largest in place; their sum.
template <class V>
float exponentials(float* x, int64_t n, float largest) {
  auto total = V::zero();
  int64_t i = 0;
  for (; i + V::kWidth <= n; i += V::kWidth) {
    const auto e = exponential<V>(V::sub(V::load(x + i), V::set1(largest)));
    V::store(x + i, e);
    total = V::add(total, e);
  }
  float sum = V::sum(total);
  for (; i < n; ++i) {
    x[i] = exponential_of<V>(x[i] - largest);
    sum += x[i];
  }
  return sum;
}

template <class V>
void add_softmax(float* logits, int64_t rows, int64_t width, float* sums) {
  for (int64_t row = 0; row < rows; ++row, logits += width) {
    float largest = logits[0];
    for (int64_t i = 1; i < width; ++i) largest = logits[i] > largest ? logits[i] : largest;
    const float factor = 1.0f / exponentials<V>(logits, width, largest);
    int64_t i = 0;
    for (; i + V::kWidth <= width; i += V::kWidth) {
      V::store(sums + i, V::fmadd(V::load(logits + i), V::set1(factor), V::load(sums + i)));
    }
    for (; i < width; ++i) sums[i] += logits[i] * factor;
  }
}

inline uint16_t half_at(const unsigned char* bytes, int64_t i) {
  uint16_t bits;
  __builtin_memcpy(&bits, bytes + 2 * i, sizeof bits);
  return bits;
}

inline void bf16_to_float_impl(const unsigned char* bytes, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t word = static_cast<uint32_t>(half_at(bytes, i)) << 16;
    __builtin_memcpy(out + i, &word, sizeof word);
  }
}

// NOLINTEND(misc-definitions-in-headers)
