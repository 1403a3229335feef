#pragma once
// Requests for vectors as OpenAI, Cohere and Text Embeddings Inference (TEI) have them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "engine/embed_pipeline.h"
#include "serve/vector_encoding.h"

namespace recto {

/// What is asked for, whatever the API. An item has a query, a passage or encoded image bytes,
/// alone or with a text or query (engine/embed_pipeline.h).
struct EmbeddingRequest {
  std::vector<EmbedItem> items;
  std::string model;              ///< named by the client, or ""
  std::optional<int> dimensions;  ///< none: the full length
  std::vector<VectorEncoding> encodings = {VectorEncoding::kFloat};
  bool cut_long_texts = false;  ///< else they are refused
};

struct RequestLimits {
  size_t items = 256;               ///< inputs of a request
  uint64_t image_bytes = 32 << 20;  ///< of an encoded image
  size_t text_bytes = 256 << 10;    ///< of a text
  size_t values = 100'000;          ///< of JSON, whatever they are
};

// All of these throw Error(kBadInput) naming the field, Error(kLimit) naming both numbers.
// A text is a query unless "input_type" says it is a document; a picture is a document, and with
// input_type query its text is a question about it. Pictures come as data: URLs; an address of
// another kind is never fetched. Fields that are not named are not read.

/// POST /v1/embeddings: "input" (a text, a list of texts, a list of {"content": [parts]}) or
/// "messages" (one of the role user); "model", "dimensions", "encoding_format" (float, base64),
/// "input_type" (query, document), "truncate" (false).
EmbeddingRequest parse_openai_request(const Json& body, const RequestLimits& limits);

/// POST /v2/embed: one of "texts", "images" and "inputs"; "input_type" (search_query, ...; images:
/// anything), "embedding_types", "output_dimension", "truncate" (NONE, END; START is refused).
EmbeddingRequest parse_cohere_request(const Json& body, const RequestLimits& limits);

/// POST /embed and /embed_sparse: "inputs" (a text or a list of texts), "truncate",
/// "truncation_direction", "prompt_name" (query, document), "normalize" (true), "dimensions".
EmbeddingRequest parse_tei_request(const Json& body, const RequestLimits& limits);

/// The JSON of a body. Throws Error(kBadInput | kLimit) as parse_json() does.
Json parse_body(const std::string& body, const RequestLimits& limits);

/// Throws Error(kLimit) naming `where` and both numbers for a text that is too long.
void check_text(const std::string& text, const std::string& where, const RequestLimits& limits);

/// The bytes of "data:image/...;base64,...".
std::string image_of_url(const std::string& url, const std::string& where,
                         const RequestLimits& limits);

}  // namespace recto
