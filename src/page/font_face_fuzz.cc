// libFuzzer: any bytes as a font file; only recto::Error may come out.

#include "base/error.h"
#include "page/font_face.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const recto::FontFace face =
        recto::read_font_face({reinterpret_cast<const char*>(data), size}, "input");
    for (char32_t code = 0; code < 0x500; ++code) face.advance(face.glyph(code));
  } catch (const recto::Error&) {
  }
  return 0;
}
