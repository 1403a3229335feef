#include "page/gray.h"

#include <algorithm>

#include "base/error.h"

namespace recto {
namespace {

// Pillow's weights of red, green and blue; they sum to 2^16.
constexpr uint64_t kRed = 19595;
constexpr uint64_t kGreen = 38470;
constexpr uint64_t kBlue = 7471;

// The sums of up to 257 bytes fit their 16 bits. Plain enough for the compiler to vectorise.
void add_row(const uint8_t* row, size_t n, uint16_t* sums) {
  for (size_t i = 0; i < n; ++i) sums[i] = static_cast<uint16_t>(sums[i] + row[i]);
}

uint8_t mean_luma(const uint16_t* sums, size_t columns, uint64_t pixels) {
  uint64_t channels[3] = {0, 0, 0};
  for (size_t x = 0; x < columns; ++x) {
    for (size_t c = 0; c < 3; ++c) channels[c] += sums[3 * x + c];
  }
  const uint64_t luma = kRed * channels[0] + kGreen * channels[1] + kBlue * channels[2];
  const uint64_t whole = pixels << 16;
  return static_cast<uint8_t>((luma + whole / 2) / whole);
}

}  // namespace

GrayImage reduce_to_gray(const Image& image) {
  RECTO_CHECK(image.width >= 1 && image.height >= 1);
  const int factor = std::clamp(std::max(image.width, image.height) / kThumbnailEdge, 1, 257);
  const int columns = std::min(factor, image.width);
  const int rows = std::min(factor, image.height);
  GrayImage out{image.width / columns, image.height / rows, {}};
  out.gray.reserve(static_cast<size_t>(out.width) * static_cast<size_t>(out.height));
  const size_t stride = static_cast<size_t>(image.width) * 3;
  const auto block = static_cast<size_t>(columns);
  std::vector<uint16_t> sums(stride);
  for (int y = 0; y < out.height; ++y) {
    std::fill(sums.begin(), sums.end(), uint16_t{0});
    for (int row = 0; row < rows; ++row) {
      add_row(image.rgb.data() + static_cast<size_t>(y * rows + row) * stride, stride, sums.data());
    }
    for (size_t x = 0; x < static_cast<size_t>(out.width); ++x) {
      out.gray.push_back(mean_luma(sums.data() + 3 * x * block, block,
                                   static_cast<uint64_t>(columns) * static_cast<uint64_t>(rows)));
    }
  }
  return out;
}

GrayImage resize_gray(const GrayImage& image, int width, int height, Filter filter) {
  Image rgb{image.width, image.height, std::vector<uint8_t>(image.gray.size() * 3)};
  for (size_t i = 0; i < image.gray.size(); ++i) {
    std::fill_n(rgb.rgb.data() + 3 * i, 3, image.gray[i]);
  }
  rgb = resize(rgb, width, height, filter);
  GrayImage out{width, height, std::vector<uint8_t>(rgb.rgb.size() / 3)};
  for (size_t i = 0; i < out.gray.size(); ++i) out.gray[i] = rgb.rgb[3 * i];
  return out;
}

GrayImage gray_thumbnail(const GrayImage& reduced) {
  const int longest = std::max(reduced.width, reduced.height);
  if (longest <= kThumbnailEdge) return reduced;
  const auto scaled = [&](int side) {
    return std::max(1, (2 * side * kThumbnailEdge + longest) / (2 * longest));
  };
  return resize_gray(reduced, scaled(reduced.width), scaled(reduced.height), Filter::kBox);
}

}  // namespace recto
