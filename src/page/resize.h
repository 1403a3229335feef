#pragma once
// Resizing that gives the bytes Pillow gives (src/libImaging/Resample.c).

#include "page/image.h"

namespace recto {

enum class Filter { kLanczos, kBicubic, kBilinear, kBox };

/// Which pass runs first when both are needed. Pillow up to 12.3 always runs the horizontal pass
/// first; Pillow 13 runs the vertical one first when h_out < h_in and
/// (h_in - h_out) > 2 * (w_in - w_out).
enum class ResampleOrder { kHorizontalFirst, kPillow13 };

/// `image` at width x height (both >= 1), byte for byte as Pillow's Image.resize.
Image resize(const Image& image, int width, int height, Filter filter = Filter::kLanczos,
             ResampleOrder order = ResampleOrder::kHorizontalFirst);

/// The rectangle [x, x + width) x [y, y + height), which must lie inside `image`.
Image crop(const Image& image, int x, int y, int width, int height);

}  // namespace recto
