// The bodies of requests, as any client can send them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "serve/embedding_request.h"
#include "serve/search_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace recto;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto attempt = [](const auto& action) {
    try {
      action();
    } catch (const Error&) {  // any other exception is a defect
    }
  };
  Json body;
  attempt([&] { body = parse_json(text, "the request"); });
  const RequestLimits limits{.items = 8, .image_bytes = 1000};
  attempt([&] {
    for (const EmbedItem& item : parse_openai_request(body, limits).items) check_embed_item(item);
  });
  attempt([&] {
    for (const EmbedItem& item : parse_cohere_request(body, limits).items) check_embed_item(item);
  });
  attempt([&] {
    for (const EmbedItem& item : parse_tei_request(body, limits).items) check_embed_item(item);
  });
  attempt([&] { parse_search_request(body); });
  return 0;
}
