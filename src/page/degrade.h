#pragma once
// What scanners, cameras and compression do to a page, one thing at a time.

#include "base/random.h"
#include "page/image.h"

namespace recto {

/// `image` after one thing drawn: JPEG of quality 25 to 80, blur by halving the resolution in part,
/// noise of each pixel, paler ink on darker paper, or two of them. Both sides must be >= 1.
Image degraded(const Image& image, Random& random);

/// `image` at `share` (0..1) of its resolution, and enlarged again: with the detail of that many
/// pixels. Both sides must be >= 1.
Image with_detail(const Image& image, double share);

/// Noise of one pixel, in steps of 255: nearly normal (the sum of the bytes of a random number), at
/// a fraction of the cost.
int pixel_noise(Random& random, double deviation);

}  // namespace recto
