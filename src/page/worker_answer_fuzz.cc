// libFuzzer: any bytes as the answer of a worker that a document has taken over. The first byte
// picks the kind of answer; only recto::Error may come out, and only bounded values.

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "base/utf8.h"
#include "page/worker_protocol.h"

namespace {

void read_answer(uint8_t kind, std::string_view bytes) {
  switch (kind % 6) {
    case 0:
      return static_cast<void>(recto::decode_answer_header(bytes));
    case 1:
      return static_cast<void>(recto::decode_open_answer(bytes, {}));
    case 2: {
      const recto::RenderAnswer size = recto::decode_render_answer(bytes, {});
      const auto pixels = static_cast<size_t>(size.width) * static_cast<size_t>(size.height);
      RECTO_CHECK(pixels * 3 <= recto::pixel_buffer_bytes({}));
      return;
    }
    case 3: {
      const recto::PageText text = recto::decode_text_answer(bytes);
      RECTO_CHECK(recto::is_valid_utf8(text.text) && recto::is_valid_utf8(text.label));
      RECTO_CHECK(text.label.size() <= 4 * recto::kMaxLabelCharacters);
      return;
    }
    case 4:
      return static_cast<void>(recto::decode_probe_answer(bytes));
    default:
      RECTO_CHECK(recto::is_valid_utf8(recto::decode_message(bytes)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  try {
    read_answer(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  } catch (const recto::Error&) {
  }
  return 0;
}
