#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "page/decoders.h"
#include "page/exif.h"

namespace recto {
namespace {

struct DemuxerCloser {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
struct AnimationCloser {
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

[[noreturn]] void fail_webp(const std::string& name) {
  fail(ErrorCode::kBadInput, "{}: the WebP image is truncated or corrupt", name);
}

int orientation_of(const WebPDemuxer* demuxer) {
  WebPChunkIterator chunk{};
  int orientation = 1;
  if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk) != 0) {
    orientation =
        exif_orientation({reinterpret_cast<const std::byte*>(chunk.chunk.bytes), chunk.chunk.size});
  }
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

// The first frame of an animation on its canvas, as RGBA.
void decode_first_frame(const WebPData& data, const std::string& name, Image& rgba) {
  WebPAnimDecoderOptions options;
  WebPAnimDecoderOptionsInit(&options);
  options.color_mode = MODE_RGBA;
  const std::unique_ptr<WebPAnimDecoder, AnimationCloser> decoder(
      WebPAnimDecoderNew(&data, &options));
  uint8_t* frame = nullptr;
  int milliseconds = 0;
  if (!decoder || WebPAnimDecoderGetNext(decoder.get(), &frame, &milliseconds) == 0) {
    fail_webp(name);
  }
  std::copy_n(frame, rgba.rgb.size(), rgba.rgb.data());
}

void drop_alpha(Image& image) {
  const size_t pixels = image.rgb.size() / 4;
  for (size_t i = 0; i < pixels; ++i) {
    for (size_t c = 0; c < 3; ++c) image.rgb[i * 3 + c] = image.rgb[i * 4 + c];
  }
  image.rgb.resize(pixels * 3);
}

void decode_still(const WebPData& data, bool alpha, const std::string& name, Image& image) {
  const auto decode = alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  const int stride = image.width * (alpha ? 4 : 3);
  if (decode(data.bytes, data.size, image.rgb.data(), image.rgb.size(), stride) == nullptr) {
    fail_webp(name);
  }
}

}  // namespace

DecodedImage decode_webp(std::span<const std::byte> bytes, const std::string& name,
                         const ImageLimits& limits) {
  const WebPData data{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(data.bytes, data.size, &features) != VP8_STATUS_OK) fail_webp(name);
  check_image_size(features.width, features.height, name, limits);
  const std::unique_ptr<WebPDemuxer, DemuxerCloser> demuxer(WebPDemux(&data));
  if (!demuxer) fail_webp(name);
  const bool alpha = features.has_alpha != 0;
  const bool animation = features.has_animation != 0;
  DecodedImage decoded{allocate_image(features.width, features.height, alpha || animation ? 4 : 3),
                       orientation_of(demuxer.get())};
  if (animation) {
    decode_first_frame(data, name, decoded.image);
    if (!alpha) drop_alpha(decoded.image);
  } else {
    decode_still(data, alpha, name, decoded.image);
  }
  if (alpha) composite_over_white(decoded.image);
  return decoded;
}

}  // namespace recto
