// libFuzzer: any bytes through decode_image(); only recto::Error may come out.

#include "base/error.h"
#include "page/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  recto::ImageLimits limits;
  limits.max_pixels = 1 << 18;
  try {
    recto::decode_image({reinterpret_cast<const std::byte*>(data), size}, "input", limits);
  } catch (const recto::Error&) {
  }
  return 0;
}
