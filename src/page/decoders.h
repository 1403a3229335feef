#pragma once
// One decoder for each image format. decode_image() chooses among them; the contract is its own.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "page/decode.h"
#include "page/image.h"

namespace recto {

/// Pixels as stored, and the EXIF orientation (1..8) that is still to be applied.
struct DecodedImage {
  Image image;
  int orientation = 1;
};

DecodedImage decode_jpeg(std::span<const std::byte> bytes, const std::string& name,
                         const ImageLimits& limits);
DecodedImage decode_png(std::span<const std::byte> bytes, const std::string& name,
                        const ImageLimits& limits);
DecodedImage decode_webp(std::span<const std::byte> bytes, const std::string& name,
                         const ImageLimits& limits);
DecodedImage decode_gif(std::span<const std::byte> bytes, const std::string& name,
                        const ImageLimits& limits);

/// Throws Error(kLimit) when an image of this size exceeds `limits`, Error(kBadInput) when it has
/// no pixels. To be called before anything is allocated.
void check_image_size(int64_t width, int64_t height, const std::string& name,
                      const ImageLimits& limits);

/// An image of that size with room for `channels` bytes a pixel.
Image allocate_image(int width, int height, int channels);

/// Turns `image.rgb` from RGBA into RGB over white, rounding as Pillow's alpha_composite.
void composite_over_white(Image& image);

}  // namespace recto
