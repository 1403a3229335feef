#pragma once
// Pictures that are to be no larger than so many pixels.

#include "page/image.h"

namespace recto {

/// `image`, scaled down where its longer side has more than `longest_edge` pixels, with the shorter
/// one in proportion (rounded, at least 1).
Image fit(Image image, int longest_edge);

}  // namespace recto
