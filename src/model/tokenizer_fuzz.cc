// Bytes up to the first NUL are a tokenizer.json, those behind it a text. A tokenizer that loads
// must cut any text into ids it can decode again.

#include <string_view>

#include "base/error.h"
#include "base/utf8.h"
#include "model/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(bytes.find('\0'), bytes.size());
  const std::string text = recto::replace_invalid_utf8(bytes.substr(std::min(end + 1, size)));
  try {
    const auto tokenizer = recto::Tokenizer::parse(bytes.substr(0, end), "fuzz");
    for (const auto& ids : {tokenizer.encode(text), tokenizer.encode_ordinary(text),
                            tokenizer.encode(text, text, text)}) {
      for (const int32_t id : ids) RECTO_CHECK(id >= 0 && id < tokenizer.vocab_size());
      RECTO_CHECK(recto::is_valid_utf8(tokenizer.decode(ids)));
    }
  } catch (const recto::Error&) {
    // Refused, as it should be.
  }
  return 0;
}
