#include "serve/http_server.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <csignal>
#include <ctime>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/interrupt_request.h"
#include "base/log.h"

namespace recto {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using Failure = beast::error_code;

/// After an answer that leaves a body unread, what still comes is thrown away for this long: a
/// connection that is closed at once can lose the answer on its way.
constexpr auto kLinger = std::chrono::seconds(2);
constexpr auto kAcceptAgain = std::chrono::milliseconds(100);
/// What was told to stop has so long to do so.
constexpr auto kStopSeconds = std::chrono::seconds(5);

tcp::endpoint endpoint_of(const HttpServerSettings& settings) {
  const std::string host = settings.host == "localhost" ? "127.0.0.1" : settings.host;
  Failure failure;
  const auto address = asio::ip::make_address(host, failure);
  if (failure) {
    fail(ErrorCode::kUsage,
         "--host: \"{}\" is no IP address; 127.0.0.1 is this machine alone, 0.0.0.0 or :: every "
         "network it is in",
         settings.host);
  }
  return {address, static_cast<uint16_t>(settings.port)};
}

std::optional<asio::ssl::context> tls_of(const HttpServerSettings& settings) {
  if (settings.tls_certificate.empty()) return std::nullopt;
  asio::ssl::context context(asio::ssl::context::tls_server);
  ::SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  const auto use = [](const std::filesystem::path& file, const char* what, const auto& read) {
    try {
      read(file.string());
    } catch (const boost::system::system_error& error) {
      fail(ErrorCode::kBadInput, "{}: no {} ({}); a PEM file is wanted", file.string(), what,
           error.code().message());
    }
  };
  // A server cannot be asked for a pass phrase.
  context.set_password_callback([](size_t, auto) { return std::string(); });
  use(settings.tls_certificate, "certificate that can be used",
      [&](const std::string& file) { context.use_certificate_chain_file(file); });
  use(settings.tls_key, "key without a pass phrase that fits the certificate",
      [&](const std::string& file) {
        context.use_private_key_file(file, asio::ssl::context::pem);
      });
  return context;
}

/// As many connections as the process has file descriptors for, beside those that requests need.
int connections_of(const HttpServerSettings& settings) {
  constexpr rlim_t kForRequests = 256;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return settings.max_connections;
  const rlim_t wanted = static_cast<rlim_t>(settings.max_connections) + kForRequests;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, wanted));
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) return settings.max_connections;
  const auto left = static_cast<int>(
      limit.rlim_cur > 2 * kForRequests ? limit.rlim_cur - kForRequests : limit.rlim_cur / 2);
  log_warning("this process may open {} files: at most {} connections are accepted at once",
              limit.rlim_cur, left);
  return left;
}

/// "Sun, 29 Nov 2026 02:03:04 GMT" (RFC 9110, section 5.6.7), whatever the locale.
std::string date_now() {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays.at(utc.tm_wday), utc.tm_mday,
                     kMonths.at(utc.tm_mon), utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                     utc.tm_sec);
}

std::string_view text_of(beast::string_view text) { return {text.data(), text.size()}; }

HttpRequest head_of(const http::request<http::string_body>& message) {
  HttpRequest head;
  head.method = message.method() == http::verb::head ? "GET" : text_of(message.method_string());
  const std::string_view target = text_of(message.target());
  head.path = target.substr(0, target.find('?'));
  for (const auto& field : message) {
    head.headers.emplace_back(text_of(field.name_string()), text_of(field.value()));
  }
  return head;
}

/// What is wrong with a head that can be read as more than one request, or whose body cannot be
/// read: a status and what to say; 0 for none.
std::pair<int, const char*> problem_of(const http::request<http::string_body>& message) {
  if (message.count(http::field::host) > 1) return {400, "the header Host stands twice"};
  const auto transfer = message[http::field::transfer_encoding];
  if (message.count(http::field::transfer_encoding) > 1 ||
      !(transfer.empty() || beast::iequals(transfer, "chunked"))) {
    return {501, "Transfer-Encoding: only chunked is known"};
  }
  const auto coding = message[http::field::content_encoding];
  if (!(coding.empty() || beast::iequals(coding, "identity"))) {
    return {415, "Content-Encoding: bodies are read as they are; send it without one"};
  }
  return {0, ""};
}

}  // namespace

class HttpServer::Impl {
 public:
  /// A connection; it lives as long as something it waits for does.
  class SessionBase {
   public:
    virtual ~SessionBase() = default;
    virtual void close_if_idle() = 0;
    virtual void abort() = 0;
  };
  template <typename Stream>
  class Session;

  Impl(HttpServerSettings settings, HttpService& service)
      : settings_(std::move(settings)),
        service_(service),
        max_connections_(connections_of(settings_)),
        tls_(tls_of(settings_)),
        workers_(static_cast<size_t>(settings_.max_requests)) {
    listen();
  }
  ~Impl() { is_ending_ = true; }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  int port() const { return port_; }
  std::string url() const {
    const bool v6 = settings_.host.find(':') != std::string::npos;
    return fmt::format("{}://{}{}{}:{}", tls_ ? "https" : "http", v6 ? "[" : "", settings_.host,
                       v6 ? "]" : "", port_);
  }

  void run() {
    listen_to_signals();
    accept();
    while (true) {
      try {
        io_.run();
        break;
      } catch (const std::exception& error) {  // one connection's; it ends with that
        log_warning("a connection is closed: {}", error.what());
      }
    }
    workers_.join();
  }

  // ---- for sessions, in the thread of the network

  const HttpServerSettings& settings() const { return settings_; }
  HttpService& service() { return service_; }
  bool is_draining() const { return draining_; }
  asio::io_context& io() { return io_; }
  asio::thread_pool& workers() { return workers_; }

  /// One of the requests in hand, counted while it lives.
  class Place {
   public:
    explicit Place(Impl& server) : server_(server) { ++server_.requests_; }
    ~Place() { --server_.requests_; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    Impl& server_;
  };

  /// Bytes of a body, counted while it lives.
  class Bytes {
   public:
    explicit Bytes(Impl& server) : server_(server) {}
    ~Bytes() { server_.body_bytes_ -= bytes_; }
    Bytes(const Bytes&) = delete;
    Bytes& operator=(const Bytes&) = delete;

    /// False, and nothing changes, where there is no room for so many.
    bool grow_to(uint64_t bytes) {
      if (bytes <= bytes_) return true;
      if (bytes - bytes_ > server_.settings_.max_bodies_bytes - server_.body_bytes_) return false;
      server_.body_bytes_ += bytes - bytes_;
      bytes_ = bytes;
      return true;
    }

   private:
    Impl& server_;
    uint64_t bytes_ = 0;
  };

  bool is_busy() const { return requests_ >= settings_.max_requests; }

  void add(SessionBase* session) { sessions_.insert(session); }
  void remove(SessionBase* session) {
    sessions_.erase(session);
    if (is_ending_) return;
    if (draining_) {
      end_when_empty();
    } else if (is_paused_) {
      is_paused_ = false;
      accept();
    }
  }

 private:
  void listen() {
    const tcp::endpoint endpoint = endpoint_of(settings_);
    try {
      acceptor_.open(endpoint.protocol());
      acceptor_.set_option(asio::socket_base::reuse_address(true));
      acceptor_.bind(endpoint);
      acceptor_.listen(asio::socket_base::max_listen_connections);
    } catch (const boost::system::system_error& error) {
      fail(ErrorCode::kIo, "cannot listen on {} port {}: {}; choose another --port or --host",
           settings_.host, settings_.port, error.code().message());
    }
    port_ = acceptor_.local_endpoint().port();
  }

  void listen_to_signals() {
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    struct sigaction hangup{};
    ::sigaction(SIGHUP, nullptr, &hangup);
    if (hangup.sa_handler != SIG_IGN) signals_.add(SIGHUP);  // else nohup started it
    await_signal();
  }

  void await_signal() {
    signals_.async_wait([this](Failure failure, int) {
      if (failure) return;
      if (draining_) ::_exit(exit_status(ErrorCode::kInterrupted));
      drain();
      await_signal();
      end_when_empty();
    });
  }

  void accept();
  void open_session(tcp::socket socket);
  /// Said once, so that a log is not filled with it.
  void accept_later(const std::string& why);

  void drain() {
    draining_ = true;
    log_info("ending: {} connections are open, {} requests in hand", sessions_.size(), requests_);
    Failure ignored;
    ignored = acceptor_.close(ignored);
    accept_timer_.cancel();
    for (SessionBase* session : sessions_) session->close_if_idle();
    drain_timer_.expires_after(std::chrono::seconds(settings_.drain_seconds));
    drain_timer_.async_wait([this](Failure failure) {
      if (!failure) stop_requests();
    });
  }

  void stop_requests() {
    log_warning("{} requests and {} connections did not end within {} s and are stopped", requests_,
                sessions_.size(), settings_.drain_seconds);
    request_interrupt();
    drain_timer_.expires_after(kStopSeconds);
    drain_timer_.async_wait([this](Failure failure) {
      if (failure) return;
      for (SessionBase* session : sessions_) session->abort();
    });
  }

  void end_when_empty() {
    if (!sessions_.empty()) return;
    drain_timer_.cancel();
    signals_.cancel();
  }

  const HttpServerSettings settings_;
  HttpService& service_;
  const int max_connections_;
  std::optional<asio::ssl::context> tls_;
  int port_ = 0;
  int requests_ = 0;
  uint64_t body_bytes_ = 0;
  bool draining_ = false;
  bool is_paused_ = false;
  bool is_ending_ = false;
  bool has_said_why_ = false;
  std::set<SessionBase*> sessions_;  // outlives io_, whose end is that of what still waits
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  asio::signal_set signals_{io_};
  asio::steady_timer drain_timer_{io_};
  asio::steady_timer accept_timer_{io_};
  asio::thread_pool workers_;
};

/// One connection, plain or TLS. All of it runs in the thread of the network but the service's
/// answer(), during which the session only waits.
template <typename Stream>
class HttpServer::Impl::Session final : public SessionBase,
                                        public std::enable_shared_from_this<Session<Stream>> {
 public:
  template <typename... Arguments>
  explicit Session(Impl& server, Arguments&&... arguments)
      : server_(server), stream_(std::forward<Arguments>(arguments)...) {
    server_.add(this);
  }
  ~Session() override { server_.remove(this); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start() {
    Failure ignored;
    lowest().socket().set_option(tcp::no_delay(true), ignored);
    if constexpr (kIsTls) {
      is_idle_ = true;
      expire_after(server_.settings().head_seconds);
      stream_.async_handshake(asio::ssl::stream_base::server, then([](Session& self, Failure f) {
                                if (!f) self.read_head();
                              }));
    } else {
      read_head();
    }
  }

  void close_if_idle() override {
    if (is_idle_) abort();
  }
  void abort() override { lowest().close(); }

 private:
  static constexpr bool kIsTls = !std::is_same_v<Stream, beast::tcp_stream>;

  /// `action` as a handler that keeps the session alive and throws away a number of bytes.
  template <typename Action>
  auto then(const Action& action) {
    return [self = this->shared_from_this(), action](Failure failure, auto&&...) {
      action(*self, failure);
    };
  }

  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }
  void expire_after(int seconds) { lowest().expires_after(std::chrono::seconds(seconds)); }

  void read_head() {
    if (server_.is_draining()) return end();
    is_idle_ = true;
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(server_.settings().max_head_bytes));
    parser_->body_limit(server_.settings().max_body_bytes);
    expire_after(server_.settings().head_seconds);
    http::async_read_header(stream_, buffer_, *parser_, then([](Session& self, Failure failure) {
                              self.is_idle_ = false;
                              self.on_head(failure);
                            }));
  }

  void on_head(Failure failure) {
    request_ = head_of(parser_->get());
    is_head_ = parser_->get().method() == http::verb::head;
    if (failure) return on_bad_head(failure);
    if (const auto [status, problem] = problem_of(parser_->get()); status != 0) {
      parser_->get().keep_alive(false);  // where the next request begins is not known
      return refuse(status, problem);
    }
    if (auto answer = server_.service().admit(request_)) return send(std::move(*answer));
    if (server_.is_busy()) return refuse_place();
    bytes_.emplace(server_);
    if (!bytes_->grow_to(parser_->content_length().value_or(0))) return refuse_bytes();
    if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) return invite_body();
    expire_after(server_.settings().body_seconds);
    read_body();
  }

  void refuse_place() {
    refuse(429, fmt::format("{} requests are in hand, as many as are taken at once; try again in a "
                            "moment",
                            server_.settings().max_requests));
  }
  void refuse_bytes() {
    refuse(503, "the requests in hand leave no room for this one; try again in a moment");
  }

  void on_bad_head(Failure failure) {
    const HttpServerSettings& settings = server_.settings();
    if (failure == http::error::body_limit) return refuse_body();
    if (failure == http::error::header_limit || failure == http::error::buffer_overflow) {
      return refuse(431, fmt::format("the head of the request has more than {} bytes",
                                     settings.max_head_bytes));
    }
    const bool has_ended =
        failure == http::error::end_of_stream || failure == http::error::partial_message;
    if (has_ended ||
        failure.category() != http::make_error_code(http::error::end_of_stream).category()) {
      return;  // the client has gone, or said nothing for too long
    }
    refuse(400, fmt::format("this is no HTTP request: {}", failure.message()));
  }

  void refuse_body() {
    const auto length = parser_->content_length();
    refuse(413, fmt::format("the body has {} bytes, but at most {} are accepted",
                            length ? std::to_string(*length) : "too many",
                            server_.settings().max_body_bytes));
  }

  /// A client that asked first whether the body is welcome.
  void invite_body() {
    auto message = std::make_shared<http::response<http::empty_body>>(http::status::continue_, 11);
    expire_after(server_.settings().write_seconds);
    http::async_write(stream_, *message, then([message](Session& self, Failure failure) {
                        if (failure) return;
                        self.expire_after(self.server_.settings().body_seconds);
                        self.read_body();
                      }));
  }

  /// A piece of it, until it is whole.
  void read_body() {
    if (parser_->is_done()) return on_body({});
    http::async_read_some(stream_, buffer_, *parser_, then([](Session& self, Failure failure) {
                            if (failure) return self.on_body(failure);
                            const bool fits =
                                self.bytes_->grow_to(self.parser_->get().body().size());
                            fits ? self.read_body() : self.refuse_bytes();
                          }));
  }

  void on_body(Failure failure) {
    if (failure == http::error::body_limit) return refuse_body();
    if (failure == beast::error::timeout) return;
    if (failure) {
      if (failure.category() != http::make_error_code(http::error::bad_chunk).category()) return;
      if (failure == http::error::partial_message || failure == http::error::end_of_stream) return;
      return refuse(400, fmt::format("the body cannot be read: {}", failure.message()));
    }
    if (server_.is_busy()) return refuse_place();
    place_.emplace(server_);
    lowest().expires_never();
    request_.body = std::move(parser_->get().body());
    asio::post(server_.workers(), [self = this->shared_from_this()]() mutable {
      HttpResponse answer = self->make_answer();
      asio::io_context& io = self->server_.io();
      // Nothing of the session is left in this thread: the last of it must end in the other.
      asio::post(io, [self = std::move(self), answer = std::move(answer)]() mutable {
        self->send(std::move(answer));
      });
    });
  }

  HttpResponse make_answer() {
    try {
      return server_.service().answer(request_);
    } catch (const std::exception& error) {
      log_warning("a request could not be answered: {}", error.what());
      return server_.service().refuse(request_, 500,
                                      "an error inside the server; its log has more");
    }
  }

  void refuse(int status, const std::string& message) {
    HttpResponse answer = server_.service().refuse(request_, status, message);
    if (status == 429 || status == 503) answer.headers.emplace_back("Retry-After", "1");
    send(std::move(answer));
  }

  void send(HttpResponse answer) {
    const bool whole = parser_->is_done();
    const bool keep = whole && parser_->get().keep_alive() && !server_.is_draining();
    message_ = http::response<http::string_body>(static_cast<http::status>(answer.status), 11);
    message_.set(http::field::content_type, answer.content_type);
    message_.set("X-Content-Type-Options", "nosniff");
    message_.set(http::field::cache_control, "no-store");
    message_.set(http::field::date, date_now());
    message_.set("Cross-Origin-Resource-Policy", "same-origin");
    for (const auto& [name, value] : answer.headers) message_.set(name, value);
    message_.keep_alive(keep);
    message_.body() = std::move(answer.body);
    message_.prepare_payload();
    if (is_head_) message_.body().clear();  // the length stays
    std::string().swap(request_.body);
    expire_after(server_.settings().write_seconds);
    http::async_write(stream_, message_, then([keep, whole](Session& self, Failure failure) {
                        self.place_.reset();
                        self.bytes_.reset();
                        self.message_ = {};
                        if (failure) return;
                        if (keep) return self.read_head();
                        whole ? self.end() : self.linger();
                      }));
  }

  void end() {
    expire_after(static_cast<int>(kLinger.count()));
    if constexpr (kIsTls) {
      stream_.async_shutdown(then([](Session&, Failure) {}));
    } else {
      linger();
    }
  }

  void linger() {
    Failure ignored;
    if constexpr (!kIsTls) lowest().socket().shutdown(tcp::socket::shutdown_send, ignored);
    expire_after(static_cast<int>(kLinger.count()));
    discard();
  }

  void discard() {
    stream_.async_read_some(asio::buffer(thrown_away_), then([](Session& self, Failure failure) {
                              if (!failure) self.discard();
                            }));
  }

  Impl& server_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpRequest request_;
  http::response<http::string_body> message_;
  std::optional<Bytes> bytes_;
  std::optional<Place> place_;
  bool is_idle_ = false;
  bool is_head_ = false;
  std::array<char, 4096> thrown_away_{};
};

void HttpServer::Impl::accept() {
  if (draining_) return;
  if (std::ssize(sessions_) >= max_connections_) {
    is_paused_ = true;
    return;
  }
  acceptor_.async_accept([this](Failure failure, tcp::socket socket) {
    if (draining_) return;
    if (failure) return accept_later(failure.message());  // no file descriptor left, for example
    try {
      open_session(std::move(socket));
    } catch (const std::exception& error) {
      return accept_later(error.what());
    }
    accept();
  });
}

void HttpServer::Impl::open_session(tcp::socket socket) {
  if (tls_) {
    using Tls = beast::ssl_stream<beast::tcp_stream>;
    std::make_shared<Session<Tls>>(*this, std::move(socket), *tls_)->start();
  } else {
    std::make_shared<Session<beast::tcp_stream>>(*this, std::move(socket))->start();
  }
}

void HttpServer::Impl::accept_later(const std::string& why) {
  if (!has_said_why_) log_warning("a connection could not be accepted: {}", why);
  has_said_why_ = true;
  accept_timer_.expires_after(kAcceptAgain);
  accept_timer_.async_wait([this](Failure cancelled) {
    if (!cancelled) accept();
  });
}

HttpServer::HttpServer(HttpServerSettings settings, HttpService& service)
    : impl_(std::make_unique<Impl>(std::move(settings), service)) {}
HttpServer::~HttpServer() = default;

int HttpServer::port() const { return impl_->port(); }
std::string HttpServer::url() const { return impl_->url(); }
void HttpServer::run() { impl_->run(); }

}  // namespace recto
