#pragma once
// Encoded images that lie in memory, such as those of a Parquet column nobody vouches for.

#include <string>
#include <string_view>

#include "page/reader.h"

namespace recto {

/// Decodes one image in a sandboxed worker of its own: read_image (page/reader.h) for bytes.
/// `name` stands in messages. Throws as read_image does. Thread-safe.
Image read_image_bytes(std::string_view bytes, const std::string& name,
                       const PageLimits& limits = {});

/// The EXIF orientation (1..8) that a JPEG, PNG or WebP file carries; 1 when it has none. Decodes
/// nothing, and takes any bytes.
int stored_orientation(std::string_view bytes);

}  // namespace recto
