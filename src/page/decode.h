#pragma once
// Image files to RGB pixels, in this process. Callers that hold files of unknown origin use
// page/reader.h, which does the same in a sandboxed worker.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "page/image.h"

namespace recto {

struct ImageLimits {
  int64_t max_pixels = 40'000'000;  ///< width x height, checked before any pixel is decoded
  int max_side = 30'000;            ///< longest side in pixels
  uint64_t max_bytes = 256u << 20;  ///< size of the encoded file
};

/// Decodes a JPEG, PNG, WebP or GIF (first frame) to RGB: EXIF orientation applied, alpha
/// composited over white, 16-bit samples scaled to 8 (>> 8), CMYK and gray converted as Pillow
/// does. `name` stands in messages. Throws Error(kBadInput) for what is no image, corrupt or
/// truncated and Error(kLimit) for what exceeds `limits`.
Image decode_image(std::span<const std::byte> bytes, const std::string& name,
                   const ImageLimits& limits = {});

/// "jpeg", "png", "webp", "gif" by the first bytes, "" for anything else.
std::string image_format(std::span<const std::byte> bytes);

}  // namespace recto
