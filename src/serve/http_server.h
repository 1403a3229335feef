#pragma once
// HTTP/1.1 and TLS over Boost.Beast, with a limit on everything a client can make large or slow.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "serve/http_message.h"

namespace recto {

struct HttpServerSettings {
  std::string host = "127.0.0.1";  ///< an IP address, or "localhost"
  int port = 8080;                 ///< 0: one that is free
  /// Both, PEM, for TLS; neither for none.
  std::filesystem::path tls_certificate;
  std::filesystem::path tls_key;

  int max_requests = 64;  ///< answered at once; one more is answered with 429
  /// One more waits until another ends. Fewer where the system lets the process open fewer files.
  int max_connections = 1024;
  uint64_t max_head_bytes = 16 << 10;
  uint64_t max_body_bytes = 64 << 20;     ///< of one request; a larger one is answered with 413
  uint64_t max_bodies_bytes = 512 << 20;  ///< of all requests in hand; beyond it 503

  int head_seconds = 30;   ///< an open connection waits so long for the next head
  int body_seconds = 120;  ///< and so long for the whole body
  int write_seconds = 120;
  int drain_seconds = 30;  ///< requests in hand are waited for so long at the end
};

/// A server on one address. Bodies are read only of requests that the service admits.
class HttpServer {
 public:
  /// Listens at once; nothing is answered before run(). `service` must outlive it. Throws
  /// Error(kUsage) for a host that is no address, Error(kIo) for an address that cannot be had,
  /// Error(kBadInput) for a certificate or key that cannot be used.
  HttpServer(HttpServerSettings settings, HttpService& service);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const;
  /// "http://127.0.0.1:8080"
  std::string url() const;

  /// Serves until SIGINT, SIGTERM or SIGHUP, whose handlers it takes over. Then no connection is
  /// accepted any more, idle ones are closed, and requests in hand have drain_seconds to end; what
  /// still runs then is told to stop (base/interrupt_request.h), and its connections are closed
  /// five seconds later. A second signal ends the process.
  void run();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace recto
