#pragma once
// One HTTP request to a model endpoint, over libcurl.
//
// Only the endpoint's own address is ever connected to: redirects are not followed, proxies of the
// environment and .netrc are ignored, http and https are the only protocols, certificates are
// checked.

#include <functional>
#include <memory>
#include <string>

#include "net/endpoint_access.h"

namespace recto {

struct HttpReply {
  int status = 0;          ///< 0 when none came
  std::string problem;     ///< why there is no whole answer ("no connection"), or ""
  std::string body;        ///< at most 1 MiB unless said, the API key taken out
  std::string location;    ///< where a redirect leads, or ""
  double retry_after = 0;  ///< seconds the server asks to wait, 0 when it does not
};

/// Where requests go. Each has a connection of its own: what libcurl would send again by itself,
/// since a connection kept open was closed meanwhile, nobody counts. Thread-safe.
class EndpointConnection {
 public:
  static constexpr size_t kMaxBodyBytes = 1 << 20;

  /// To `url`, as endpoint_url() makes it, for answers of at most `most_bytes`.
  EndpointConnection(std::string url, const EndpointAccess& access, ApiKey key,
                     size_t most_bytes = kMaxBodyBytes);
  ~EndpointConnection();
  EndpointConnection(const EndpointConnection&) = delete;
  EndpointConnection& operator=(const EndpointConnection&) = delete;

  const std::string& url() const { return url_; }
  const ApiKey& key() const { return key_; }

  /// Posts a JSON body and waits for the answer. What goes wrong on the way and may go right
  /// another time is in the reply. Throws Error(kMismatch) for a certificate that is not trusted;
  /// `give_up` is asked ten times a second and its exceptions end the request.
  HttpReply post(const std::string& body, const std::function<void()>& give_up);

 private:
  struct Transfer;

  std::unique_ptr<Transfer> make_transfer() const;

  std::string url_;
  ApiKey key_;
  double connect_timeout_;
  double request_timeout_;
  std::string proxy_;
  std::string ca_file_;
  size_t most_bytes_;
};

}  // namespace recto
