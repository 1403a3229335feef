#pragma once
// RGB pixels to JPEG and PNG.

#include <string>

#include "page/image.h"

namespace recto {

/// Baseline JPEG, 4:2:0, without metadata; the same bytes for the same pixels and quality (1..100).
std::string encode_jpeg(const Image& image, int quality);

/// 8-bit RGB PNG without metadata. `level` is zlib's (0..9).
std::string encode_png(const Image& image, int level = 6);

}  // namespace recto
