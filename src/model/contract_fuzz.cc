// A retriever.json that is accepted must come back from its own JSON with the same hash.

#include <string_view>

#include "base/error.h"
#include "model/contract.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto contract = recto::Contract::from_json(recto::parse_json(text, "fuzz"), "fuzz");
    const auto again = recto::Contract::from_json(contract.to_json(), "fuzz");
    RECTO_CHECK(again.hash() == contract.hash());
  } catch (const recto::Error&) {
    // Refused, as it should be.
  }
  return 0;
}
