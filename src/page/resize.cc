#include "page/resize.h"

#include <algorithm>
#include <cstring>

#include "base/cpu.h"
#include "base/error.h"
#include "page/resample_weights.h"
#include "page/resize_with.h"
#include "page/transpose.h"

namespace recto {
namespace {

WeightedSum best_kernel() {
  if (cpu_features().avx512) return weighted_sum_avx512;
  if (cpu_features().avx2) return weighted_sum_avx2;
  return weighted_sum_scalar;
}

Image blank(int width, int height) {
  Image image;
  image.width = width;
  image.height = height;
  image.rgb.resize(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
  return image;
}

size_t row_bytes(const Image& image) { return static_cast<size_t>(image.width) * 3; }

Image resize_vertically(const Image& in, int height, Filter filter, WeightedSum sum) {
  const ResampleWeights weights = resample_weights(in.height, height, filter);
  Image out = blank(in.width, height);
  const size_t stride = row_bytes(in);
  for (size_t y = 0; y < weights.outputs.size(); ++y) {
    const auto& output = weights.outputs[y];
    sum(in.rgb.data() + static_cast<size_t>(output.first) * stride, static_cast<ptrdiff_t>(stride),
        weights.pairs.data() + output.pairs, output.taps, out.rgb.data() + y * stride, stride);
  }
  return out;
}

// Strips of rows are transposed, so that the samples one output needs lie in contiguous lines of
// kStripRows per channel: the horizontal pass becomes the same weighted sum as the vertical one.
Image resize_horizontally(const Image& in, int width, Filter filter, WeightedSum sum) {
  constexpr size_t kStripRows = 64;
  constexpr size_t kPixel = 3 * kStripRows;
  const ResampleWeights weights = resample_weights(in.width, width, filter);
  Image out = blank(width, in.height);
  std::vector<uint8_t> columns_in(row_bytes(in) * kStripRows);
  std::vector<uint8_t> columns_out(row_bytes(out) * kStripRows);
  const auto height = static_cast<size_t>(in.height);
  for (size_t y = 0; y < height; y += kStripRows) {
    const size_t rows = std::min(kStripRows, height - y);
    transpose_bytes(in.rgb.data() + y * row_bytes(in), row_bytes(in), rows, row_bytes(in),
                    columns_in.data(), kStripRows);
    for (size_t x = 0; x < weights.outputs.size(); ++x) {
      const auto& output = weights.outputs[x];
      sum(columns_in.data() + static_cast<size_t>(output.first) * kPixel, kPixel,
          weights.pairs.data() + output.pairs, output.taps, columns_out.data() + x * kPixel,
          kPixel);
    }
    transpose_bytes(columns_out.data(), kStripRows, row_bytes(out), rows,
                    out.rgb.data() + y * row_bytes(out), row_bytes(out));
  }
  return out;
}

bool vertical_first(const Image& in, int width, int height, ResampleOrder order) {
  return order == ResampleOrder::kPillow13 && height < in.height &&
         static_cast<int64_t>(in.height) - height > 2 * (static_cast<int64_t>(in.width) - width);
}

}  // namespace

Image resize_with(const Image& image, int width, int height, Filter filter, ResampleOrder order,
                  WeightedSum sum) {
  RECTO_CHECK(width >= 1 && height >= 1 && image.width >= 1 && image.height >= 1);
  const bool horizontal = width != image.width;
  const bool vertical = height != image.height;
  if (!horizontal && !vertical) return image;
  if (!vertical) return resize_horizontally(image, width, filter, sum);
  if (!horizontal) return resize_vertically(image, height, filter, sum);
  if (vertical_first(image, width, height, order)) {
    return resize_horizontally(resize_vertically(image, height, filter, sum), width, filter, sum);
  }
  return resize_vertically(resize_horizontally(image, width, filter, sum), height, filter, sum);
}

Image resize(const Image& image, int width, int height, Filter filter, ResampleOrder order) {
  return resize_with(image, width, height, filter, order, best_kernel());
}

Image crop(const Image& image, int x, int y, int width, int height) {
  RECTO_CHECK(x >= 0 && y >= 0 && width >= 1 && height >= 1 && width <= image.width - x &&
              height <= image.height - y);
  Image out = blank(width, height);
  for (int row = 0; row < height; ++row) {
    const uint8_t* from = image.rgb.data() + static_cast<size_t>(y + row) * row_bytes(image) +
                          static_cast<size_t>(x) * 3;
    std::memcpy(out.rgb.data() + static_cast<size_t>(row) * row_bytes(out), from, row_bytes(out));
  }
  return out;
}

}  // namespace recto
