#include "engine/position_ids.h"

namespace recto {
namespace {

// torch.bucketize(arange(n) / n * (1 - 1e-6), arange(1 / n, 1, 1 / n), right=True) in fp32.
std::vector<int32_t> hf_455_axis(int n) {
  std::vector<float> boundaries;
  for (int k = 1; k < n; ++k) {
    const double step = 1.0 / n;
    boundaries.push_back(static_cast<float>(step + step * (k - 1)));
  }
  std::vector<int32_t> ids;
  for (int i = 0; i < n; ++i) {
    const float share = static_cast<float>(i) / static_cast<float>(n);
    const float coordinate = share * static_cast<float>(1.0 - 1e-6);
    int32_t id = 0;
    for (const float boundary : boundaries) id += boundary <= coordinate ? 1 : 0;
    ids.push_back(id);
  }
  return ids;
}

}  // namespace

std::vector<int32_t> patch_position_ids(PositionIds kind, int patches_per_side) {
  std::vector<int32_t> axis;
  if (kind == PositionIds::kHf455Fp32) {
    axis = hf_455_axis(patches_per_side);
  } else {
    for (int i = 0; i < patches_per_side; ++i) axis.push_back(i);
  }
  std::vector<int32_t> ids;
  for (const int32_t row : axis) {
    for (const int32_t column : axis) ids.push_back(row * patches_per_side + column);
  }
  return ids;
}

}  // namespace recto
