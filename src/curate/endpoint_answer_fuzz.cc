// Bytes are the body of an HTTP answer, and the text that a model wrote. Whatever is taken from
// them is well formed.

#include <string_view>

#include "base/error.h"
#include "base/utf8.h"
#include "curate/endpoint_answer.h"
#include "curate/endpoint_prompt.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string problem;
  if (const auto completion = recto::parse_completion(bytes, problem)) {
    RECTO_CHECK(recto::is_valid_utf8(completion->content));
    RECTO_CHECK(recto::parse_answer(*completion, problem) || !problem.empty());
  }
  problem.clear();
  const auto queries = recto::parse_answer({.content = std::string(bytes)}, problem);
  RECTO_CHECK(queries.has_value() == problem.empty());
  if (queries) {
    RECTO_CHECK(queries->queries.size() == recto::kEndpointKinds.size());
    for (const auto& [kind, query] : queries->queries) {
      RECTO_CHECK(recto::is_valid_utf8(query) && query.find('\n') == std::string::npos);
    }
  }
  RECTO_CHECK(recto::is_valid_utf8(recto::error_excerpt(bytes)));
  return 0;
}
