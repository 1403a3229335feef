#include <spng.h>

#include <cstring>
#include <memory>

#include "base/error.h"
#include "page/decoders.h"
#include "page/exif.h"

namespace recto {
namespace {

constexpr size_t kMaxChunkBytes = size_t{64} << 20;

struct Closer {
  void operator()(spng_ctx* context) const { spng_ctx_free(context); }
};
using Context = std::unique_ptr<spng_ctx, Closer>;

void check(int code, const std::string& name) {
  if (code == SPNG_OK) return;
  fail(ErrorCode::kBadInput, "{}: the PNG is truncated or corrupt ({})", name, spng_strerror(code));
}

int orientation_of(spng_ctx* context) {
  spng_exif exif{};
  if (spng_get_exif(context, &exif) != SPNG_OK) return 1;
  return exif_orientation({reinterpret_cast<const std::byte*>(exif.data), exif.length});
}

uint32_t big_endian(std::span<const std::byte> bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<uint32_t>(bytes[offset + i]);
  return value;
}

// libspng takes a file without its last chunk for whole.
bool ends_properly(std::span<const std::byte> bytes) {
  size_t position = 8;
  while (bytes.size() - position >= 12) {
    const size_t size = big_endian(bytes, position);
    if (std::memcmp(bytes.data() + position + 4, "IEND", 4) == 0) return true;
    if (size > bytes.size() - position - 12) return false;
    position += 12 + size;
  }
  return false;
}

bool has_alpha(spng_ctx* context, const spng_ihdr& header) {
  spng_trns transparency{};
  return header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ||
         header.color_type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA ||
         spng_get_trns(context, &transparency) == SPNG_OK;
}

}  // namespace

DecodedImage decode_png(std::span<const std::byte> bytes, const std::string& name,
                        const ImageLimits& limits) {
  if (bytes.size() < 24) check(SPNG_IO_EOF, name);
  check_image_size(big_endian(bytes, 16), big_endian(bytes, 20), name, limits);
  if (!ends_properly(bytes)) check(SPNG_IO_EOF, name);
  const Context context(spng_ctx_new(0));
  if (!context) fail(ErrorCode::kInternal, "{}: libspng cannot start", name);
  spng_set_chunk_limits(context.get(), kMaxChunkBytes, kMaxChunkBytes);
  check(spng_set_png_buffer(context.get(), bytes.data(), bytes.size()), name);
  spng_ihdr header{};
  check(spng_get_ihdr(context.get(), &header), name);
  check(spng_decode_chunks(context.get()), name);
  const bool alpha = has_alpha(context.get(), header);
  DecodedImage decoded{allocate_image(static_cast<int>(header.width),
                                      static_cast<int>(header.height), alpha ? 4 : 3)};
  check(spng_decode_image(context.get(), decoded.image.rgb.data(), decoded.image.rgb.size(),
                          alpha ? SPNG_FMT_RGBA8 : SPNG_FMT_RGB8, alpha ? SPNG_DECODE_TRNS : 0),
        name);
  // Metadata may stand behind the pixels.
  check(spng_decode_chunks(context.get()), name);
  decoded.orientation = orientation_of(context.get());
  if (alpha) composite_over_white(decoded.image);
  return decoded;
}

}  // namespace recto
