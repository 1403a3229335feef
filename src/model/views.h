#pragma once
// A page image to the tiles the vision tower sees (transformers' Idefics3ImageProcessorPil).

#include <cstdint>
#include <vector>

#include "page/image.h"
#include "page/resize.h"

namespace recto {

/// What decides the views of an image; part of the contract.
struct ViewSettings {
  int longest_edge = 0;  ///< L: the image is resized so that its longest side is this, up or down
  int tile = 0;          ///< T: side of a view in pixels
  bool image_splitting = true;
  ResampleOrder resample_order = ResampleOrder::kHorizontalFirst;
  Filter resample = Filter::kLanczos;
};

/// The views of one image: rows x columns tiles row by row, then the global view; only the global
/// view (rows = columns = 0) when the image is not split.
struct Views {
  int rows = 0;
  int columns = 0;
  int tile = 0;
  std::vector<uint8_t> pixels;  ///< [count, 3, tile, tile]

  int count() const { return rows * columns + 1; }
};

/// Sizes on the way, by arithmetic alone.
struct ViewGrid {
  int resized_width = 0, resized_height = 0;      ///< after the longest-edge resize
  int stretched_width = 0, stretched_height = 0;  ///< after stretching to whole tiles
  int rows = 0, columns = 0;
  int views() const { return rows * columns + 1; }
};
ViewGrid view_grid(int width, int height, const ViewSettings& settings);

Views make_views(const Image& image, const ViewSettings& settings);

/// fp32 value of each byte: float(u8 * (1/255)) in double, then (x - 0.5f) / 0.5f.
const float* normalize_table();
/// pixels of views [first, first + count) as fp32 [count, 3, tile, tile] into `out`.
void normalize_views(const Views& views, int first, int count, float* out);

}  // namespace recto
