#include "page/resample_weights.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace recto {
namespace {

double box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

double bilinear(double x) { return std::max(0.0, 1.0 - std::fabs(x)); }

// Keys 1981 with a = -0.5.
double bicubic(double x) {
  constexpr double a = -0.5;
  x = std::fabs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

double sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double lanczos(double x) { return -3.0 <= x && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0; }

struct Kernel {
  double (*value)(double);
  double support;
};

Kernel kernel_of(Filter filter) {
  switch (filter) {
    case Filter::kBox:
      return {box, 0.5};
    case Filter::kBilinear:
      return {bilinear, 1.0};
    case Filter::kBicubic:
      return {bicubic, 2.0};
    case Filter::kLanczos:
      break;
  }
  return {lanczos, 3.0};
}

int32_t fixed_point(double weight) {
  return static_cast<int32_t>(weight * (1 << kWeightBits) + (weight < 0 ? -0.5 : 0.5));
}

int32_t pack(int32_t first, int32_t second) {
  return static_cast<int32_t>(static_cast<uint32_t>(first & 0xFFFF) | static_cast<uint32_t>(second)
                                                                          << 16);
}

TapPair tap_pair(int32_t first, int32_t second) {
  constexpr int32_t kLowMask = (1 << kLowBits) - 1;
  return {pack(first >> kLowBits, second >> kLowBits), pack(first & kLowMask, second & kLowMask)};
}

}  // namespace

ResampleWeights resample_weights(int in, int out, Filter filter) {
  const Kernel kernel = kernel_of(filter);
  const double scale = static_cast<double>(in) / out;
  const double filter_scale = std::max(scale, 1.0);
  const double support = kernel.support * filter_scale;
  const double inverse = 1.0 / filter_scale;
  ResampleWeights result;
  std::vector<double> weights;
  for (int i = 0; i < out; ++i) {
    const double center = (i + 0.5) * scale;
    // Pillow truncates so, and so do both ends here.
    // NOLINTBEGIN(bugprone-incorrect-roundings)
    const int first = std::max(0, static_cast<int>(center - support + 0.5));
    const int end = std::min(in, static_cast<int>(center + support + 0.5));
    // NOLINTEND(bugprone-incorrect-roundings)
    weights.clear();
    double total = 0;
    for (int x = first; x < end; ++x) {
      weights.push_back(kernel.value((x - center + 0.5) * inverse));
      total += weights.back();
    }
    if (weights.size() % 2 != 0) weights.push_back(0);
    result.outputs.push_back({first, end - first, result.pairs.size()});
    const double divisor = total != 0 ? total : 1.0;
    for (size_t k = 0; k < weights.size(); k += 2) {
      result.pairs.push_back(
          tap_pair(fixed_point(weights[k] / divisor), fixed_point(weights[k + 1] / divisor)));
    }
  }
  return result;
}

}  // namespace recto
