#pragma once
// Rotary position embedding [Su et al. 2021] as transformers' Llama computes it.

#include <cstdint>
#include <vector>

namespace recto {

/// cos and sin of position * inv_freq for positions from 0. inv_freq_i = theta^(-2i/d) and the
/// angle are fp32, as transformers has them; cos and sin are rounded from double.
class RopeTable {
 public:
  RopeTable(double theta, int head_dim);

  /// Makes sure positions [0, tokens) are there.
  void reserve(int64_t tokens);
  /// head_dim / 2 values each, for a reserved position.
  const float* cosine(int64_t position) const { return cosine_.data() + position * half_; }
  const float* sine(int64_t position) const { return sine_.data() + position * half_; }
  int64_t half() const { return half_; }

 private:
  int64_t half_;
  int64_t tokens_ = 0;
  std::vector<float> inverse_frequency_;
  std::vector<float> cosine_;
  std::vector<float> sine_;
};

}  // namespace recto
