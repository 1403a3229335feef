#pragma once
// A small gray picture of a page, from which its hash and its ink are computed.

#include <cstdint>
#include <vector>

#include "page/image.h"
#include "page/resize.h"

namespace recto {

/// 8-bit luma, rows top to bottom without padding: gray[y * width + x].
struct GrayImage {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> gray;
};

/// Longest side of gray_thumbnail().
inline constexpr int kThumbnailEdge = 256;

/// Luma (ITU-R BT.601, as Pillow's "L") averaged over blocks of k x k pixels and rounded once;
/// k = longest side / 256, rounded down, so that the result's longest side is 256..511 (that of a
/// smaller image is kept). Rows and columns that fill no block are left out. Both sides of `image`
/// must be >= 1.
GrayImage reduce_to_gray(const Image& image);

/// `image` at width x height (both >= 1), byte for byte as Pillow's Image.resize in mode "L".
GrayImage resize_gray(const GrayImage& image, int width, int height, Filter filter);

/// `reduced` (of reduce_to_gray) with its longest side 256, averaged over areas; the sides of a
/// smaller one are kept.
GrayImage gray_thumbnail(const GrayImage& reduced);

}  // namespace recto
