// recto serve: vectors and page search over HTTP.
#include <algorithm>
#include <memory>
#include <utility>

#include "base/directory_name.h"
#include "base/error.h"
#include "base/log.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "engine/cpu_embedder.h"
#include "page/reader.h"
#include "search/index_documents.h"
#include "serve/http_server.h"
#include "serve/retriever_service.h"

namespace recto {
namespace {

constexpr const char* kServerGroup = "Server";
constexpr const char* kLimitGroup = "Limits";

struct Options {
  std::string index, model, adapter, model_name;
  std::string host = "127.0.0.1";
  int port = 8080;
  std::string api_key_file, tls_certificate, tls_key;
  bool without_key = false;
  int max_requests = 64;
  int max_inputs = 256;
  int max_body_mib = 64;
  int drain_seconds = 30;
  int threads = 0;
  int64_t batch_tokens = 4096;
};

bool is_this_machine_alone(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

ApiKeys keys_of(const Options& options) {
  if (!options.api_key_file.empty() && options.without_key) {
    fail(ErrorCode::kUsage, "--api-key-file and --without-key exclude each other");
  }
  if (!options.api_key_file.empty()) return ApiKeys::read(options.api_key_file);
  if (!is_this_machine_alone(options.host) && !options.without_key) {
    fail(ErrorCode::kUsage,
         "--host {}: other machines could read the documents; give --api-key-file FILE with a key "
         "of each client, or say --without-key",
         options.host);
  }
  return {};
}

HttpServerSettings server_of(const Options& options) {
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    fail(ErrorCode::kUsage, "--tls-certificate and --tls-key are wanted together");
  }
  HttpServerSettings settings;
  settings.host = options.host;
  settings.port = options.port;
  settings.tls_certificate = options.tls_certificate;
  settings.tls_key = options.tls_key;
  settings.max_requests = options.max_requests;
  settings.max_body_bytes = static_cast<uint64_t>(options.max_body_mib) << 20;
  settings.max_bodies_bytes = std::max(settings.max_bodies_bytes, settings.max_body_bytes);
  settings.drain_seconds = options.drain_seconds;
  return settings;
}

std::shared_ptr<const ModelDirectory> model_of(const Options& options, const PageIndex* index) {
  if (index != nullptr) {
    return open_index_model(*index, options.model, options.adapter, /*verify_weights=*/true);
  }
  return ModelDirectory::open(model_or_shipped(options.model), {}, options.adapter);
}

ServiceSettings service_of(const Options& options, ApiKeys keys, const ModelDirectory& model) {
  ServiceSettings settings;
  settings.keys = std::move(keys);
  settings.any_host = options.without_key;
  settings.model_name =
      options.model_name.empty() ? directory_name(model.path()) : options.model_name;
  settings.limits.items = static_cast<size_t>(options.max_inputs);
  settings.pictures.max_file_bytes = settings.limits.image_bytes;
  settings.batch_tokens = options.batch_tokens;
  settings.threads = options.threads;
  settings.max_requests = options.max_requests;
  return settings;
}

/// Said at the start, not at the first picture.
void check_page_worker() {
  const SandboxReport report = sandbox_report();
  if (report.worker_path.empty()) fail(ErrorCode::kNotFound, "{}", report.problem);
  if (!report.problem.empty()) log_warning("the page worker: {}", report.problem);
}

int run(Options options) {
  ApiKeys keys = keys_of(options);
  const HttpServerSettings settings = server_of(options);
  check_page_worker();
  if (options.threads == 0) options.threads = available_cores();
  std::unique_ptr<PageIndex> index;
  if (!options.index.empty()) {
    index = std::make_unique<PageIndex>(PageIndex::open(options.index));
  }
  const auto model = model_of(options, index.get());
  const std::shared_ptr<Embedder> embedder =
      make_cpu_embedder(model, {.threads = options.threads, .batch_tokens = options.batch_tokens});
  ServiceSettings service_settings = service_of(options, std::move(keys), *model);
  const std::string name = service_settings.model_name;
  const int64_t pages = index ? index->pages() : 0;
  RetrieverService service(embedder, std::move(index), std::move(service_settings));
  HttpServer server(settings, service);
  if (options.index.empty()) {
    log_info("serving the model {} on {}", name, server.url());
  } else {
    log_info("serving {} pages of {} and the model {} on {}", pages, options.index, name,
             server.url());
  }
  server.run();
  log_info("the server has ended");
  return 0;
}

void add_server_options(CLI::App& app, Options& options) {
  add_setting(app, "host", options.host,
              "Address to listen on; every other than this machine's own wants a key", kServerGroup)
      ->type_name("ADDRESS");
  add_setting(app, "port", options.port, "Port to listen on; 0 for one that is free", kServerGroup)
      ->type_name("N")
      ->check(CLI::Range(0, 65535).description(""));
  add_setting(app, "api-key-file", options.api_key_file,
              "Keys of clients, one a line; everything but /health then wants one of them",
              kServerGroup)
      ->type_name("FILE");
  add_setting(app, "without-key", options.without_key,
              "Let everyone in who reaches --host, by whatever name", kServerGroup);
  add_setting(app, "tls-certificate", options.tls_certificate,
              "Certificate chain (PEM), for https; with --tls-key", kServerGroup)
      ->type_name("FILE");
  add_setting(app, "tls-key", options.tls_key, "Private key of the certificate (PEM)", kServerGroup)
      ->type_name("FILE");
  add_setting(app, "drain-seconds", options.drain_seconds,
              "How long requests in hand may still run after SIGTERM or SIGINT", kServerGroup)
      ->type_name("N")
      ->check(CLI::Range(0, 3600).description(""));
}

void add_limit_options(CLI::App& app, Options& options) {
  add_setting(app, "max-requests", options.max_requests,
              "Requests in hand at once; one more is answered with 429", kLimitGroup)
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  add_setting(app, "max-inputs", options.max_inputs,
              "Texts and images of a request; more are answered with 413", kLimitGroup)
      ->type_name("N")
      ->check(CLI::Range(1, 100'000).description(""));
  add_setting(app, "max-body-mib", options.max_body_mib,
              "Size of a request in MiB; a larger one is answered with 413", kLimitGroup)
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
}

}  // namespace

void add_serve_command(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App& app =
      line.add_command("serve", "Vectors of texts and page images, and page search, over HTTP",
                       [options] { return run(*options); });
  add_setting(app, "index", options->index,
              "Directory of an index whose pages are searched (default: none, vectors alone)",
              kInputGroup)
      ->type_name("DIR");
  add_index_model_options(
      app, options->model, options->adapter,
      fmt::format("the one the index was made with; without an index {}", kShippedDefault));
  add_setting(app, "model-name", options->model_name,
              "What clients call the model (default: the name of its directory)", kModelGroup)
      ->type_name("NAME");
  add_server_options(app, *options);
  add_limit_options(app, *options);
  add_threads_option(app, options->threads);
  add_batch_option(app, options->batch_tokens);
  app.footer("docs/serving.md has the routes, with examples.");
}

}  // namespace recto
