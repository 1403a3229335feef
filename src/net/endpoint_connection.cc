#include "net/endpoint_connection.h"

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/version.h"

namespace recto {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxHeaderBytes = 64 << 10;
constexpr int kPollMilliseconds = 100;
// An answer is complete before its first byte is sent, so the rest comes at the network's speed.
// White space before it does not count: some servers send it to keep the connection open.
constexpr auto kMaxBodyTime = std::chrono::seconds(20);

/// What came back so far.
struct Received {
  size_t most_bytes = 0;
  std::string body;
  size_t header_bytes = 0;
  bool too_large = false;
  std::optional<Clock::time_point> begun;  ///< when the first byte came that is no white space
};

size_t on_body(char* data, size_t, size_t size, void* user) {
  auto& received = *static_cast<Received*>(user);
  received.too_large = received.body.size() + size > received.most_bytes;
  if (received.too_large) return 0;
  received.body.append(data, size);
  const bool text = std::string_view(data, size).find_first_not_of(" \t\r\n") != std::string::npos;
  if (text && !received.begun) received.begun = Clock::now();
  return size;
}

size_t on_header(char*, size_t, size_t size, void* user) {
  auto& received = *static_cast<Received*>(user);
  received.header_bytes += size;
  received.too_large = received.header_bytes > kMaxHeaderBytes;
  return received.too_large ? 0 : size;
}

void initialise_curl() {
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (result != CURLE_OK) fail(ErrorCode::kInternal, "libcurl: {}", curl_easy_strerror(result));
}

long milliseconds(double seconds) { return std::lround(std::max(0.001, seconds) * 1000); }

bool is_certificate_problem(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
         code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_CRL_BADFILE;
}

std::string problem_text(CURLcode code, const Received& received, double timeout) {
  if (received.too_large)
    return fmt::format("an answer of more than {} bytes", received.most_bytes);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return fmt::format("no answer within {} seconds", timeout);
    case CURLE_COULDNT_RESOLVE_HOST:
      return "the name of the host is not known";
    case CURLE_COULDNT_CONNECT:
      return "no connection";
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return "the connection broke";
    default:
      return curl_easy_strerror(code);
  }
}

}  // namespace

struct EndpointConnection::Transfer {
  struct CleanUp {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  struct CleanUpMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };

  void add_header(const std::string& line) {
    curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
    RECTO_CHECK(longer != nullptr);
    if (headers == nullptr) headers.reset(longer);  // else it is still the first of the list
  }

  template <typename T>
  void set(CURLoption option, T value) {
    const CURLcode code = curl_easy_setopt(easy.get(), option, value);
    if (code != CURLE_OK) fail(ErrorCode::kInternal, "libcurl: {}", curl_easy_strerror(code));
  }

  ~Transfer() { curl_multi_remove_handle(multi.get(), easy.get()); }

  /// Runs the transfer that is set up; nothing when its body takes too long.
  std::optional<CURLcode> perform(const Received& received, const std::function<void()>& give_up) {
    curl_multi_add_handle(multi.get(), easy.get());
    for (int running = 0;;) {
      curl_multi_perform(multi.get(), &running);
      if (running == 0) break;
      give_up();
      if (received.begun && Clock::now() - *received.begun > kMaxBodyTime) return std::nullopt;
      curl_multi_poll(multi.get(), nullptr, 0, kPollMilliseconds, nullptr);
    }
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi.get(), &left);
    return message != nullptr ? message->data.result : CURLE_RECV_ERROR;
  }

  /// What the server said besides the body.
  void read_facts(HttpReply& reply) const {
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<int>(status);
    curl_off_t seconds = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RETRY_AFTER, &seconds);
    reply.retry_after = static_cast<double>(seconds);
    char* location = nullptr;
    curl_easy_getinfo(easy.get(), CURLINFO_REDIRECT_URL, &location);
    if (location != nullptr) reply.location = location;
  }

  std::unique_ptr<curl_slist, CleanUp> headers;
  std::unique_ptr<CURL, CleanUp> easy{curl_easy_init()};
  std::unique_ptr<CURLM, CleanUpMulti> multi{curl_multi_init()};
};

EndpointConnection::EndpointConnection(std::string url, const EndpointAccess& access, ApiKey key,
                                       size_t most_bytes)
    : url_(std::move(url)),
      key_(std::move(key)),
      connect_timeout_(access.connect_timeout),
      request_timeout_(access.request_timeout),
      proxy_(access.proxy),
      ca_file_(access.ca_file.string()),
      most_bytes_(most_bytes) {
  initialise_curl();
}

EndpointConnection::~EndpointConnection() = default;

std::unique_ptr<EndpointConnection::Transfer> EndpointConnection::make_transfer() const {
  auto transfer = std::make_unique<Transfer>();
  RECTO_CHECK(transfer->easy != nullptr && transfer->multi != nullptr);
  transfer->add_header("Content-Type: application/json");
  transfer->add_header("Accept: application/json");
  transfer->add_header("Expect:");  // large bodies go out without asking first
  if (!key_.empty()) transfer->add_header(key_.header());
  transfer->set(CURLOPT_HTTPHEADER, transfer->headers.get());
  transfer->set(CURLOPT_URL, url_.c_str());
  transfer->set(CURLOPT_USERAGENT, fmt::format("recto/{}", recto_version()).c_str());
  transfer->set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  transfer->set(CURLOPT_PROTOCOLS_STR, "http,https");
  transfer->set(CURLOPT_FOLLOWLOCATION, 0L);
  transfer->set(CURLOPT_PROXY, proxy_.c_str());  // "" also switches the environment's off
  transfer->set(CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  if (!ca_file_.empty()) transfer->set(CURLOPT_CAINFO, ca_file_.c_str());
  transfer->set(CURLOPT_NOSIGNAL, 1L);
  transfer->set(CURLOPT_QUICK_EXIT, 1L);  // a name that is still looked up is not waited for
  transfer->set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(connect_timeout_));
  transfer->set(CURLOPT_TIMEOUT_MS, milliseconds(request_timeout_));
  transfer->set(CURLOPT_WRITEFUNCTION, on_body);
  transfer->set(CURLOPT_HEADERFUNCTION, on_header);
  return transfer;
}

HttpReply EndpointConnection::post(const std::string& body, const std::function<void()>& give_up) {
  Received received;
  received.most_bytes = most_bytes_;
  const std::unique_ptr<Transfer> made = make_transfer();
  Transfer& transfer = *made;
  transfer.set(CURLOPT_WRITEDATA, &received);
  transfer.set(CURLOPT_HEADERDATA, &received);
  transfer.set(CURLOPT_POSTFIELDS, body.data());
  transfer.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  const std::optional<CURLcode> code = transfer.perform(received, give_up);
  HttpReply reply;
  if (!code) {
    reply.problem = fmt::format("an answer that took longer than {} seconds to arrive",
                                std::chrono::seconds(kMaxBodyTime).count());
    return reply;
  }
  if (is_certificate_problem(*code)) {
    fail(ErrorCode::kMismatch,
         "the endpoint {} shows a certificate that is not trusted ({}); name the certificates to "
         "trust with --endpoint-ca FILE",
         url_, curl_easy_strerror(*code));
  }
  transfer.read_facts(reply);
  reply.body = key_.redact(std::move(received.body));
  reply.location = key_.redact(std::move(reply.location));
  if (*code != CURLE_OK) reply.problem = problem_text(*code, received, request_timeout_);
  return reply;
}

}  // namespace recto
