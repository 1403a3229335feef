#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

// jpeglib.h needs FILE and size_t declared before it.
#include <jerror.h>
#include <jpeglib.h>

#include "base/error.h"
#include "page/decoders.h"
#include "page/exif.h"

namespace recto {
namespace {

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

// libjpeg-turbo reports through a struct of C function pointers, and leaves a failed decode by
// longjmp; what it jumps over has no destructors.
struct Decoder {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf failed;
  char message[JMSG_LENGTH_MAX] = "";

  Decoder() = default;
  ~Decoder() { jpeg_destroy_decompress(&info); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
};

void leave(j_common_ptr common) {
  auto* decoder = static_cast<Decoder*>(common->client_data);
  common->err->format_message(common, decoder->message);
  std::longjmp(decoder->failed, 1);
}

// Warnings that leave the picture whole: stray bytes between markers, odd version numbers, bytes
// after the end. Everything else that libjpeg would paint over is an error.
bool is_harmless(int warning) {
  return warning == JWRN_EXTRANEOUS_DATA || warning == JWRN_JFIF_MAJOR ||
         warning == JWRN_ADOBE_XFORM || warning == JWRN_TOO_MUCH_DATA;
}

void on_message(j_common_ptr common, int level) {
  if (level < 0 && !is_harmless(common->err->msg_code)) leave(common);
}

// A progressive file of a few bytes can ask for thousands of passes over the whole picture.
void on_progress(j_common_ptr common) {
  constexpr int kMaxScans = 500;
  auto* decoder = static_cast<Decoder*>(common->client_data);
  if (decoder->info.input_scan_number <= kMaxScans) return;
  std::strcpy(decoder->message, "more than 500 scans");
  std::longjmp(decoder->failed, 1);
}

// False, with decoder.message set, when there is no whole header.
bool read_header(Decoder& decoder, std::span<const std::byte> bytes) {
  decoder.info.err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = leave;
  decoder.errors.emit_message = on_message;
  decoder.info.client_data = &decoder;
  if (setjmp(decoder.failed) != 0) return false;
  jpeg_create_decompress(&decoder.info);
  decoder.progress.progress_monitor = on_progress;
  decoder.info.progress = &decoder.progress;
  jpeg_mem_src(&decoder.info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return jpeg_read_header(&decoder.info, TRUE) == JPEG_HEADER_OK;
}

// Decodes into `pixels`, rows of `stride` bytes. Slow DCT and fancy upsampling are the defaults, as
// in Pillow. False, with decoder.message set, when the data is not whole.
bool read_pixels(Decoder& decoder, uint8_t* pixels, size_t stride) {
  if (setjmp(decoder.failed) != 0) return false;
  jpeg_start_decompress(&decoder.info);
  while (decoder.info.output_scanline < decoder.info.output_height) {
    uint8_t* row = pixels + decoder.info.output_scanline * stride;
    jpeg_read_scanlines(&decoder.info, &row, 1);
  }
  return jpeg_finish_decompress(&decoder.info) == TRUE;
}

[[noreturn]] void fail_jpeg(const Decoder& decoder, const std::string& name) {
  fail(ErrorCode::kBadInput, "{}: the JPEG is truncated or corrupt ({})", name, decoder.message);
}

}  // namespace

DecodedImage decode_jpeg(std::span<const std::byte> bytes, const std::string& name,
                         const ImageLimits& limits) {
  Decoder decoder;
  if (!read_header(decoder, bytes)) fail_jpeg(decoder, name);
  const auto width = static_cast<int>(decoder.info.image_width);
  const auto height = static_cast<int>(decoder.info.image_height);
  check_image_size(width, height, name, limits);
  const bool cmyk =
      decoder.info.jpeg_color_space == JCS_CMYK || decoder.info.jpeg_color_space == JCS_YCCK;
  decoder.info.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  const int channels = cmyk ? 4 : 3;
  DecodedImage decoded{allocate_image(width, height, channels), orientation_of(bytes)};
  if (!read_pixels(decoder, decoded.image.rgb.data(),
                   static_cast<size_t>(width) * static_cast<size_t>(channels))) {
    fail_jpeg(decoder, name);
  }
  if (cmyk) cmyk_to_rgb(decoded.image);
  return decoded;
}

}  // namespace recto
