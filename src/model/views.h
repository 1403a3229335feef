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
  int second_edge = 0;  ///< as L, of a second set of tiles; 0: none. With image_splitting alone
  ResampleOrder resample_order = ResampleOrder::kHorizontalFirst;
  Filter resample = Filter::kLanczos;
};

/// The views of an image: rows x columns tiles row by row, in the same way those of the second edge
/// where there is one, then the global view. An image that is not split has 0 rows and columns.
struct Tiling {
  int rows = 0, columns = 0;
  int second_rows = 0, second_columns = 0;

  /// Views of one edge, without the global one.
  int first_views() const { return rows * columns; }
  int second_views() const { return second_rows * second_columns; }
  int views() const { return first_views() + second_views() + 1; }
  bool operator==(const Tiling&) const = default;
};

struct Views : Tiling {
  int tile = 0;
  std::vector<uint8_t> pixels;  ///< [count, 3, tile, tile]

  int count() const { return views(); }
};

/// Sizes on the way, by arithmetic alone.
struct ViewSizes {
  int resized_width = 0, resized_height = 0;      ///< after the longest-edge resize
  int stretched_width = 0, stretched_height = 0;  ///< after stretching to whole tiles
};
struct ViewGrid : Tiling, ViewSizes {
  ViewSizes second;  ///< of the second edge
};
ViewGrid view_grid(int width, int height, const ViewSettings& settings);

/// The longest side of a picture that make_views() takes most from: the larger of the two edges.
int largest_edge(const ViewSettings& settings);

Views make_views(const Image& image, const ViewSettings& settings);

/// fp32 value of each byte: float(u8 * (1/255)) in double, then (x - 0.5f) / 0.5f.
const float* normalize_table();
/// pixels of views [first, first + count) as fp32 [count, 3, tile, tile] into `out`.
void normalize_views(const Views& views, int first, int count, float* out);

}  // namespace recto
