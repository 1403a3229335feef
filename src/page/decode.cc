#include "page/decode.h"

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "page/decoders.h"
#include "page/exif.h"

namespace recto {

void check_image_size(int64_t width, int64_t height, const std::string& name,
                      const ImageLimits& limits) {
  if (width < 1 || height < 1) {
    fail(ErrorCode::kBadInput, "{}: the image is {} x {} pixels: it has no content", name, width,
         height);
  }
  if (std::max(width, height) > limits.max_side) {
    fail(ErrorCode::kLimit,
         "{}: the image is {} x {} pixels, but a side may have at most {}; scale it down first",
         name, width, height, limits.max_side);
  }
  if (width > limits.max_pixels / height) {
    fail(ErrorCode::kLimit,
         "{}: the image is {} x {} = {} pixels, but at most {} are accepted; scale it down first",
         name, width, height, width * height, limits.max_pixels);
  }
}

Image allocate_image(int width, int height, int channels) {
  Image image;
  image.width = width;
  image.height = height;
  image.rgb.resize(static_cast<size_t>(width) * static_cast<size_t>(height) *
                   static_cast<size_t>(channels));
  return image;
}

void composite_over_white(Image& image) {
  const size_t pixels = image.rgb.size() / 4;
  const uint8_t* from = image.rgb.data();
  uint8_t* to = image.rgb.data();
  for (size_t i = 0; i < pixels; ++i, from += 4, to += 3) {
    const uint32_t alpha = from[3];
    // ImagingAlphaComposite with an opaque white backdrop: 7 extra bits, one rounded division.
    const uint32_t white = 255 * (255 - alpha) + 128;
    for (int c = 0; c < 3; ++c) {
      const uint32_t value = (from[c] * alpha + white) << 7;
      to[c] = static_cast<uint8_t>(((value >> 8) + value) >> 15);
    }
  }
  image.rgb.resize(pixels * 3);
}

std::string image_format(std::span<const std::byte> bytes) {
  const std::string_view text = as_text(bytes.first(std::min<size_t>(bytes.size(), 16)));
  if (text.starts_with("\xFF\xD8\xFF")) return "jpeg";
  if (text.starts_with("\x89PNG\r\n\x1A\n")) return "png";
  if (text.starts_with("GIF87a") || text.starts_with("GIF89a")) return "gif";
  if (text.starts_with("RIFF") && text.substr(std::min<size_t>(8, text.size())).starts_with("WEBP"))
    return "webp";
  return "";
}

Image decode_image(std::span<const std::byte> bytes, const std::string& name,
                   const ImageLimits& limits) {
  if (bytes.empty()) fail(ErrorCode::kBadInput, "{}: the file is empty", name);
  if (bytes.size() > limits.max_bytes) {
    fail(ErrorCode::kLimit, "{}: the file has {} bytes, but at most {} are accepted", name,
         bytes.size(), limits.max_bytes);
  }
  const std::string format = image_format(bytes);
  DecodedImage decoded;
  if (format == "jpeg") {
    decoded = decode_jpeg(bytes, name, limits);
  } else if (format == "png") {
    decoded = decode_png(bytes, name, limits);
  } else if (format == "webp") {
    decoded = decode_webp(bytes, name, limits);
  } else if (format == "gif") {
    decoded = decode_gif(bytes, name, limits);
  } else {
    fail(ErrorCode::kBadInput,
         "{}: not an image that recto reads (JPEG, PNG, WebP or GIF); convert it first", name);
  }
  return apply_orientation(std::move(decoded.image), decoded.orientation);
}

}  // namespace recto
