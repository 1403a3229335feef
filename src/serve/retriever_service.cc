#include "serve/retriever_service.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/version.h"
#include "serve/api_error.h"
#include "serve/web_files.h"

namespace recto {
namespace {

/// A search page loads what lies on this server, and nothing else.
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// "[::1]:8080" to "::1".
std::string host_without_port(const std::string& host) {
  if (!host.starts_with('[')) return host.substr(0, host.find(':'));
  const size_t end = host.find(']');
  return end == std::string::npos ? host : host.substr(1, end - 1);
}

bool is_address_or_localhost(const std::string& host) {
  if (is_same_word(host, "localhost")) return true;
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return ::inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

/// "application/json", whatever its parameters.
bool is_json(const std::string& content_type) {
  std::string_view type = content_type;
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  return is_same_word(type, "application/json");
}

const WebFile* find_web_file(const std::string& path) {
  const auto files = web_files();
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const WebFile& file) { return path == file.path; });
  return found == files.end() ? nullptr : &*found;
}

}  // namespace

// A path is a route's own, or begins with it where that ends in "/".
struct RetrieverService::Route {
  const char* method;
  const char* path;
  const char* api;  ///< in metrics
  ApiStyle style;
  bool quick;  ///< answered in the thread of the network
  HttpResponse (RetrieverService::*answer)(const HttpRequest&);
};

const RetrieverService::Route* RetrieverService::find_route(const std::string& path) {
  using enum ApiStyle;
  using S = RetrieverService;
  static constexpr std::array kRoutes = {
      Route{"POST", "/v1/embeddings", "openai_embeddings", kOpenAi, false, &S::openai_embeddings},
      Route{"POST", "/v2/embed", "cohere_embed", kCohere, false, &S::cohere_embed},
      Route{"POST", "/embed", "embed", kTei, false, &S::tei_embed},
      Route{"POST", "/embed_sparse", "embed_sparse", kTei, false, &S::tei_embed_sparse},
      Route{"POST", "/v1/search", "search", kOpenAi, false, &S::search},
      Route{"GET", "/v1/pages/", "page", kOpenAi, false, &S::page},
      Route{"GET", "/v1/models", "models", kOpenAi, true, &S::models},
      Route{"GET", "/info", "info", kTei, true, &S::info},
      Route{"GET", "/metrics", "metrics", kTei, true, &S::metrics},
      Route{"GET", "/health", "health", kTei, true, &S::health},
  };
  static constexpr Route kWebFile{"GET", "", "web", kOpenAi, true, &S::web_file};
  for (const Route& route : kRoutes) {
    const std::string_view known = route.path;
    if (known.ends_with('/') ? path.starts_with(known) : path == known) return &route;
  }
  return find_web_file(path) != nullptr ? &kWebFile : nullptr;
}

RetrieverService::RetrieverService(std::shared_ptr<Embedder> embedder,
                                   std::unique_ptr<PageIndex> index, ServiceSettings settings)
    : embedder_(std::move(embedder)),
      model_(embedder_->model()),
      index_(std::move(index)),
      settings_(std::move(settings)),
      index_pages_(index_ ? index_->pages() : 0),
      picture_places_(kPictureRequests),
      texts_(*embedder_, settings_.batch_tokens, metrics_),
      pictures_(*embedder_, settings_.batch_tokens, metrics_) {}

RetrieverService::~RetrieverService() = default;

std::optional<HttpResponse> RetrieverService::admit(const HttpRequest& head) {
  const Route* route = find_route(head.path);
  const bool is_health = route != nullptr && route->answer == &RetrieverService::health;
  const std::string host = head.header("host");
  if (!is_health && !settings_.any_host && settings_.keys.empty() && !host.empty() &&
      !is_address_or_localhost(host_without_port(host))) {
    return refuse(head, 403,
                  "without --api-key-file or --without-key this server answers to an IP address or "
                  "localhost alone, not to other names");
  }
  if (!is_health && !settings_.keys.accept(head.header("authorization"))) {
    HttpResponse answer =
        refuse(head, 401, "a key is wanted, as the header: Authorization: Bearer KEY");
    answer.headers.emplace_back("WWW-Authenticate", "Basic realm=\"recto\", charset=\"UTF-8\"");
    return answer;
  }
  if (route == nullptr) {
    return refuse(head, 404, fmt::format("there is nothing at {}", head.path));
  }
  if (head.method != route->method) {
    HttpResponse answer = refuse(
        head, 405, fmt::format("{} takes {}, not {}", head.path, route->method, head.method));
    answer.headers.emplace_back("Allow", route->method);
    return answer;
  }
  if (head.method == "POST" && !is_json(head.header("content-type"))) {
    return refuse(head, 415, "the header Content-Type: application/json is wanted");
  }
  if (route->quick) return (this->*route->answer)(head);
  return std::nullopt;
}

HttpResponse RetrieverService::answer(const HttpRequest& request) {
  const Route& route = *find_route(request.path);
  metrics_.count_request(route.api);
  const Stopwatch watch;
  HttpResponse response;
  try {
    response = (this->*route.answer)(request);
    metrics_.count_success(route.api, watch.seconds());
  } catch (const Error& error) {
    const bool is_ours = error.code() == ErrorCode::kInternal || error.code() == ErrorCode::kIo;
    if (is_ours) log_warning("{}: {}", route.api, error.what());
    response = refuse(request, status_of(error.code(), route.style),
                      is_ours ? "an error inside the server; its log has more" : error.what());
  }
  log_debug("{} {} {:.1f} ms", route.api, response.status, 1e3 * watch.seconds());
  return response;
}

HttpResponse RetrieverService::refuse(const HttpRequest& head, int status,
                                      const std::string& message) {
  const Route* route = find_route(head.path);
  metrics_.count_failure(route == nullptr ? "none" : route->api, status);
  return error_response(route == nullptr ? ApiStyle::kOpenAi : route->style, status, message);
}

HttpResponse RetrieverService::models(const HttpRequest&) {
  const Contract& contract = model_.contract();
  const Json model = {{"id", settings_.model_name},
                      {"object", "model"},
                      {"created", 0},
                      {"owned_by", "recto"},
                      {"dimensions", contract.dimensions},
                      {"outputs", contract.sparse ? Json{"dense", "sparse"} : Json{"dense"}},
                      {"contract", contract.hash()}};
  return {.body = dump_json({{"object", "list"}, {"data", Json::array({model})}})};
}

HttpResponse RetrieverService::info(const HttpRequest&) {
  const Contract& contract = model_.contract();
  Json info = {{"model_id", settings_.model_name},
               {"model_sha", contract.weights_sha256},
               {"model_dtype", "float32"},
               {"model_type", {{"embedding", {{"pooling", pooling_name(contract.pooling)}}}}},
               {"max_concurrent_requests", settings_.max_requests},
               {"max_input_length", contract.max_query_tokens},
               {"max_batch_tokens", settings_.batch_tokens},
               {"max_client_batch_size", settings_.limits.items},
               {"auto_truncate", false},
               {"version", recto_version()},
               {"contract", contract.hash()},
               {"dimensions", contract.dimensions}};
  if (index_)
    info["index"] = {{"pages", index_pages_.load()}, {"dimensions", index_->dimensions()}};
  return {.body = dump_json(info)};
}

HttpResponse RetrieverService::metrics(const HttpRequest&) {
  std::map<std::string, double> gauges;
  if (index_) gauges["recto_index_pages"] = static_cast<double>(index_pages_.load());
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = metrics_.text(gauges)};
}

HttpResponse RetrieverService::health(const HttpRequest&) {
  return {.body = dump_json({{"status", "ok"}})};
}

HttpResponse RetrieverService::web_file(const HttpRequest& request) {
  if (!index_) {
    return refuse(request, 404,
                  "no index is served, so there is no search page; start with --index");
  }
  const WebFile& file = *find_web_file(request.path);
  return {
      .content_type = std::string(file.content_type),
      .body = std::string(file.content),
      .headers = {{"Content-Security-Policy", kPagePolicy}, {"Referrer-Policy", "no-referrer"}}};
}

}  // namespace recto
