#pragma once
// Vectors of pages and queries by a model behind an HTTP endpoint, so that it can be measured
// beside others: what vLLM, OpenAI or Cohere and servers like them speak.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"
#include "data/table.h"
#include "eval/evaluate.h"
#include "net/endpoint_access.h"

namespace recto {

/// kOpenAi: POST .../v1/embeddings; texts as "input", a page as the "messages" that vLLM takes.
/// kCohere: POST .../v2/embed; texts as "texts", a page as "inputs" with an image_url.
enum class EmbeddingsApi { kOpenAi, kCohere };

/// Of "openai", "cohere". Throws Error(kUsage) for another.
EmbeddingsApi parse_embeddings_api(const std::string& name);

struct EmbeddingsEndpoint {
  EmbeddingsApi api = EmbeddingsApi::kOpenAi;
  /// Address, name of the model, time limits, retries, parallel requests.
  EndpointAccess connection;
  std::string name = "endpoint";  ///< of the system
  /// What a model wants in front of a query ("Instruct: ...\nQuery: ").
  std::string query_prefix;
  /// What a model wants beside a page's picture; "" for the picture alone (kOpenAi).
  std::string page_prompt;
};

/// Bodies of requests.
enum class TextsAre { kQueries, kDocuments };
Json texts_request(const EmbeddingsEndpoint& endpoint, const std::vector<std::string>& texts,
                   TextsAre what);
/// `image`: encoded, JPEG or PNG, sent as it is.
Json page_request(const EmbeddingsEndpoint& endpoint, const std::string& image);

/// The vectors of an answer in the order of what was asked, `expected` of one length. Throws
/// Error(kBadInput) naming `where` and the field that is wrong.
std::vector<std::vector<float>> parse_embeddings(EmbeddingsApi api, const std::string& body,
                                                 size_t expected, const std::string& where);

/// Pages of a split and queries of tasks, asked of one endpoint. Time-outs, broken connections, 429
/// and 5xx are tried again; anything else ends with Error(kIo | kBadInput | kMismatch) that names
/// the address and what the server said.
class EndpointEmbedder {
 public:
  /// Throws Error(kUsage) for an address or settings that cannot be meant.
  explicit EndpointEmbedder(EmbeddingsEndpoint endpoint);

  /// Asks for the first query and the first page, with two retries at most. Throws what pages() and
  /// queries() would, and what add_vectors() would of the lengths in `options`.
  void check(const Dataset& dataset, const RetrievalTask& task, const EvalOptions& options) const;

  /// Pictures, a request each; a page without one is asked for by its text, as it is. One with
  /// neither has the vector 0.
  EmbeddedPages pages(const Dataset& dataset, const std::string& split) const;
  /// In the task's order, of length 1.
  Matrix queries(const RetrievalTask& task) const;
  const EmbeddingsEndpoint& endpoint() const { return endpoint_; }

 private:
  std::vector<std::vector<float>> ask(const Json& request, size_t expected) const;
  std::vector<std::vector<float>> ask_pages(const std::vector<PageRow>& pages) const;
  std::vector<std::vector<float>> ask_texts(const std::vector<std::string>& texts,
                                            TextsAre what) const;

  EmbeddingsEndpoint endpoint_;
  std::string url_;
};

}  // namespace recto
