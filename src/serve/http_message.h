#pragma once
// What a server is asked and what it answers, without the network.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recto {

/// Whether two words are the same but for the case of ASCII letters, as HTTP compares most names.
bool is_same_word(std::string_view a, std::string_view b);

/// Names and values as they were sent.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  ///< "GET"; that of a HEAD is "GET" too
  std::string path;    ///< "/v1/search": what comes before a "?", as it was sent
  HttpHeaders headers;
  std::string body;

  /// The value of a header, "" when it was not sent.
  std::string header(const std::string& name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  HttpHeaders headers;  ///< beside Content-Type and those every answer has
};

/// What stands behind a server. Thread-safe.
class HttpService {
 public:
  virtual ~HttpService() = default;

  /// Asked when the head of a request has arrived, in the thread of the network, so it must not
  /// wait. An answer is the request's last word: its body is not read. Nothing lets it go on to
  /// answer().
  virtual std::optional<HttpResponse> admit(const HttpRequest& head) = 0;

  /// The answer to a whole request, in a thread of its own. What it throws becomes a 500.
  virtual HttpResponse answer(const HttpRequest& request) = 0;

  /// How a client is told what the server itself has found wrong with a request.
  virtual HttpResponse refuse(const HttpRequest& head, int status, const std::string& message) = 0;
};

}  // namespace recto
