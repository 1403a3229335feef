#include <turbojpeg.h>

#include <cstring>
#include <memory>

#include "base/error.h"
#include "page/decoders.h"
#include "page/exif.h"

namespace recto {
namespace {

struct Closer {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Handle = std::unique_ptr<void, Closer>;

// The markers before the first scan, walked for the EXIF segment (APP1 "Exif\0\0").
int orientation_of(std::span<const std::byte> bytes) {
  const auto at = [&](size_t i) { return std::to_integer<unsigned>(bytes[i]); };
  size_t position = 2;
  while (position + 4 <= bytes.size()) {
    if (at(position) != 0xFF) return 1;
    const unsigned marker = at(position + 1);
    if (marker == 0xFF) {
      ++position;
      continue;
    }
    const size_t size = at(position + 2) << 8 | at(position + 3);
    if (marker == 0xDA || size < 2 || size > bytes.size() - position - 2) return 1;
    const auto content = bytes.subspan(position + 4, size - 2);
    if (marker == 0xE1 && content.size() > 6 && std::memcmp(content.data(), "Exif\0", 6) == 0) {
      return exif_orientation(content);
    }
    position += 2 + size;
  }
  return 1;
}

// Stored CMYK is inverted, as Adobe writes it and Pillow assumes of every file; then Pillow's
// cmyk2rgb: 255 - K minus the share of the ink, with its rounded division by 255.
void cmyk_to_rgb(Image& image) {
  const size_t pixels = image.rgb.size() / 4;
  const uint8_t* from = image.rgb.data();
  uint8_t* to = image.rgb.data();
  for (size_t i = 0; i < pixels; ++i, from += 4, to += 3) {
    const unsigned light = from[3];
    for (int c = 0; c < 3; ++c) {
      const unsigned product = (255u - from[c]) * light + 128;
      to[c] = static_cast<uint8_t>(light - (((product >> 8) + product) >> 8));
    }
  }
  image.rgb.resize(pixels * 3);
}

[[noreturn]] void fail_jpeg(const Handle& handle, const std::string& name) {
  fail(ErrorCode::kBadInput, "{}: the JPEG is truncated or corrupt ({})", name,
       tjGetErrorStr2(handle.get()));
}

}  // namespace

DecodedImage decode_jpeg(std::span<const std::byte> bytes, const std::string& name,
                         const ImageLimits& limits) {
  const Handle handle(tjInitDecompress());
  if (!handle) fail(ErrorCode::kInternal, "{}: libjpeg-turbo cannot start", name);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colours = -1;
  // The result is not looked at: a rare subsampling is an error to this call, but it has told the
  // size by then and decoding works; and no header at all is none.
  tjDecompressHeader3(handle.get(), data, bytes.size(), &width, &height, &subsampling, &colours);
  if (width < 1 || height < 1) {
    fail(ErrorCode::kBadInput, "{}: the JPEG is truncated or corrupt (no image header)", name);
  }
  check_image_size(width, height, name, limits);
  const bool cmyk = colours == TJCS_CMYK || colours == TJCS_YCCK;
  DecodedImage decoded{allocate_image(width, height, cmyk ? 4 : 3), orientation_of(bytes)};
  // Slow DCT and fancy upsampling are the defaults, as in Pillow.
  if (tjDecompress2(handle.get(), data, bytes.size(), decoded.image.rgb.data(), width, 0, height,
                    cmyk ? TJPF_CMYK : TJPF_RGB, TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) != 0) {
    fail_jpeg(handle, name);
  }
  if (cmyk) cmyk_to_rgb(decoded.image);
  return decoded;
}

}  // namespace recto
