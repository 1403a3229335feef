#pragma once
// What `recto serve` answers: vectors of texts and page images, and pages of an index.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <string>

#include "base/stopwatch.h"
#include "model/embedder.h"
#include "page/reader.h"
#include "search/index.h"
#include "search/page_search.h"
#include "serve/api_key.h"
#include "serve/embed_queue.h"
#include "serve/embedding_request.h"
#include "serve/http_message.h"
#include "serve/metrics.h"

namespace recto {

struct ServiceSettings {
  std::string model_name;  ///< what clients call the model
  ApiKeys keys;            ///< none: everyone on the network is let in
  bool any_host = false;   ///< without keys, let in whatever Host a request names
  RequestLimits limits;
  PageLimits pictures;  ///< of decoding an image
  int64_t batch_tokens = 4096;
  int threads = 1;       ///< of a search
  int max_requests = 1;  ///< told by GET /info
};

/// The routes (docs/serving.md): POST /v1/embeddings, /v2/embed, /embed, /embed_sparse, /v1/search;
/// GET /v1/models, /info, /metrics, /health, /v1/pages/ID, /v1/pages/ID/image, and the search page.
/// All but /health want a key where there are keys. Where there are none, and any_host is not set,
/// the Host of a request has to be an address or localhost, since the page of a stranger can have
/// any name lead here.
class RetrieverService final : public HttpService {
 public:
  /// `index` may be null: pages are not searched then. `embedder` holds the model of the index.
  RetrieverService(std::shared_ptr<Embedder> embedder, std::unique_ptr<PageIndex> index,
                   ServiceSettings settings);
  ~RetrieverService() override;

  std::optional<HttpResponse> admit(const HttpRequest& head) override;
  HttpResponse answer(const HttpRequest& request) override;
  HttpResponse refuse(const HttpRequest& head, int status, const std::string& message) override;

 private:
  struct Route;
  struct Vectors;
  static const Route* find_route(const std::string& path);

  // ---- vectors
  HttpResponse openai_embeddings(const HttpRequest& request);
  HttpResponse cohere_embed(const HttpRequest& request);
  HttpResponse tei_embed(const HttpRequest& request);
  HttpResponse tei_embed_sparse(const HttpRequest& request);
  Vectors embed(const EmbeddingRequest& request, bool sparse);
  void check(const EmbeddingRequest& request) const;
  void embed_texts(const EmbeddingRequest& request, bool sparse, Vectors& out);
  void embed_pictures(const EmbeddingRequest& request, bool sparse, Vectors& out);
  ModelInput prepare(const EmbedItem& item, bool cut_long_texts);

  // ---- pages
  HttpResponse search(const HttpRequest& request);
  HttpResponse page(const HttpRequest& request);
  HttpResponse page_image(const std::string& page_id);
  void check_has_index() const;
  IndexHit hit_of(const std::string& page_id);
  void refresh_index();

  // ---- about the server
  HttpResponse models(const HttpRequest& request);
  HttpResponse info(const HttpRequest& request);
  HttpResponse metrics(const HttpRequest& request);
  HttpResponse health(const HttpRequest& request);
  HttpResponse web_file(const HttpRequest& request);

  const std::shared_ptr<Embedder> embedder_;
  const ModelDirectory& model_;
  const std::unique_ptr<PageIndex> index_;
  const ServiceSettings settings_;
  ServerMetrics metrics_;
  std::mutex refresh_mutex_;
  std::optional<Stopwatch> refreshed_;
  std::atomic<int64_t> index_pages_;
  std::atomic<int64_t> answered_{0};
  static constexpr int kPictureRequests = 4;
  /// Requests whose pictures are decoded or wait for the model: bounds the memory they take.
  std::counting_semaphore<> picture_places_;
  EmbedQueue texts_;  ///< apart, so that a query does not wait for pages
  EmbedQueue pictures_;
};

}  // namespace recto
