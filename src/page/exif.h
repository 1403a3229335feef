#pragma once
// The one thing of EXIF metadata that changes pixels: which way up the camera was held.

#include <cstddef>
#include <span>

#include "page/image.h"

namespace recto {

/// The orientation (1..8) in a TIFF-structured EXIF block, with or without the leading
/// "Exif\0\0". 1 when the block has none or is malformed. Source: EXIF 2.32, section 4.6.4.
int exif_orientation(std::span<const std::byte> block);

/// `image` turned upright: what Pillow's ImageOps.exif_transpose does.
Image apply_orientation(Image image, int orientation);

}  // namespace recto
