#include "engine/pooling.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace recto {

void pool(Pooling pooling, const float* states, int64_t tokens, std::span<float> out) {
  const auto width = static_cast<int64_t>(out.size());
  RECTO_CHECK(pooling != Pooling::kVocabulary);
  if (pooling == Pooling::kLast) {
    std::copy_n(states + (tokens - 1) * width, width, out.data());
    return;
  }
  std::vector<double> sum(out.size());
  for (int64_t t = 0; t < tokens; ++t) {
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += states[t * width + static_cast<int64_t>(i)];
  }
  for (size_t i = 0; i < sum.size(); ++i) {
    out[i] = static_cast<float>(sum[i] / static_cast<double>(tokens));
  }
}

void l2_normalize(std::span<float> vector) {
  double squares = 0;
  for (const float x : vector) squares += static_cast<double>(x) * x;
  const double length = std::max(std::sqrt(squares), 1e-12);
  for (float& x : vector) x = static_cast<float>(x / length);
}

}  // namespace recto
