#pragma once
// What scanners, cameras and compression do to a page. Without torch.

#include "base/random.h"
#include "page/image.h"

namespace recto {

/// `image` after one thing drawn: JPEG of quality 25 to 80, blur by halving the resolution in part,
/// noise of each pixel, paler ink on darker paper, or two of them.
Image degraded(const Image& image, Random& random);

}  // namespace recto
