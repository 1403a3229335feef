#include "engine/rope.h"

#include <cmath>

namespace recto {

RopeTable::RopeTable(double theta, int head_dim) : half_(head_dim / 2) {
  for (int64_t i = 0; i < half_; ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(head_dim);
    const float power = static_cast<float>(std::pow(theta, static_cast<double>(exponent)));
    inverse_frequency_.push_back(1.0f / power);
  }
}

void RopeTable::reserve(int64_t tokens) {
  for (; tokens_ < tokens; ++tokens_) {
    for (const float frequency : inverse_frequency_) {
      const float angle = static_cast<float>(tokens_) * frequency;
      cosine_.push_back(static_cast<float>(std::cos(static_cast<double>(angle))));
      sine_.push_back(static_cast<float>(std::sin(static_cast<double>(angle))));
    }
  }
}

}  // namespace recto
