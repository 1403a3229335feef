#include "page/encode.h"

#include <spng.h>
#include <turbojpeg.h>

#include <cstdlib>
#include <memory>

#include "base/error.h"

namespace recto {
namespace {

struct JpegCloser {
  void operator()(void* handle) const { tjDestroy(handle); }
};
struct JpegBytes {
  unsigned char* data = nullptr;
  unsigned long size = 0;
  ~JpegBytes() { tjFree(data); }
};
struct PngCloser {
  void operator()(spng_ctx* context) const { spng_ctx_free(context); }
};
struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

void check_image(const Image& image) {
  RECTO_CHECK(image.width >= 1 && image.height >= 1 &&
              image.rgb.size() ==
                  static_cast<size_t>(image.width) * static_cast<size_t>(image.height) * 3);
}

void check_png(int code) {
  if (code != SPNG_OK) fail(ErrorCode::kInternal, "PNG encoding failed: {}", spng_strerror(code));
}

}  // namespace

std::string encode_jpeg(const Image& image, int quality) {
  check_image(image);
  RECTO_CHECK(quality >= 1 && quality <= 100);
  const std::unique_ptr<void, JpegCloser> handle(tjInitCompress());
  if (!handle) fail(ErrorCode::kInternal, "libjpeg-turbo cannot start");
  JpegBytes bytes;
  if (tjCompress2(handle.get(), image.rgb.data(), image.width, 0, image.height, TJPF_RGB,
                  &bytes.data, &bytes.size, TJSAMP_420, quality, TJFLAG_ACCURATEDCT) != 0) {
    fail(ErrorCode::kLimit, "cannot encode {} x {} pixels as JPEG: {}", image.width, image.height,
         tjGetErrorStr2(handle.get()));
  }
  return {reinterpret_cast<const char*>(bytes.data), bytes.size};
}

std::string encode_png(const Image& image, int level) {
  check_image(image);
  RECTO_CHECK(level >= 0 && level <= 9);
  const std::unique_ptr<spng_ctx, PngCloser> context(spng_ctx_new(SPNG_CTX_ENCODER));
  if (!context) fail(ErrorCode::kInternal, "libspng cannot start");
  check_png(spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1));
  check_png(spng_set_option(context.get(), SPNG_IMG_COMPRESSION_LEVEL, level));
  spng_ihdr header{};
  header.width = static_cast<uint32_t>(image.width);
  header.height = static_cast<uint32_t>(image.height);
  header.bit_depth = 8;
  header.color_type = SPNG_COLOR_TYPE_TRUECOLOR;
  check_png(spng_set_ihdr(context.get(), &header));
  check_png(spng_encode_image(context.get(), image.rgb.data(), image.rgb.size(), SPNG_FMT_PNG,
                              SPNG_ENCODE_FINALIZE));
  size_t size = 0;
  int code = SPNG_OK;
  const std::unique_ptr<void, Free> bytes(spng_get_png_buffer(context.get(), &size, &code));
  check_png(code);
  return {static_cast<const char*>(bytes.get()), size};
}

}  // namespace recto
