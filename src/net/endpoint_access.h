#pragma once
// Where a model endpoint is and how long it is waited for, and the key that lets one in.

#include <cstdint>
#include <filesystem>
#include <string>

namespace recto {

struct EndpointAccess {
  /// Where it is: "http://HOST:PORT", ".../v1" or the whole address of a resource.
  std::string url;
  std::string model;  ///< name under which the endpoint serves it

  int parallel_requests = 4;         ///< requests in hand at once
  int retries = 5;                   ///< after a time-out, a broken connection, 429 or 5xx
  double connect_timeout = 10;       ///< seconds
  double request_timeout = 180;      ///< seconds from the connection to the last byte
  double first_backoff = 1;          ///< seconds before the first retry, doubled each time...
  double longest_backoff = 60;       ///< ...up to this
  double longest_retry_after = 600;  ///< seconds; a run told to wait longer ends
  std::string proxy;                 ///< "" for none, whatever the environment says
  std::filesystem::path ca_file;     ///< certificates to trust in place of the system's
};

/// The address of `resource` ("/chat/completions") at an endpoint: `endpoint` itself when it ends
/// in it, else behind its path, with `version` ("/v1") between where the path has none. Throws
/// Error(kUsage) naming `option` for what is no http or https address, or holds a user, a password,
/// a query or a fragment.
std::string endpoint_url(const std::string& endpoint, const std::string& version,
                         const std::string& resource, const std::string& option);

/// True for an http address of another machine: what goes there can be read on the way.
bool is_open_to_others(const std::string& endpoint);

/// A secret: sent in the Authorization header, shown nowhere.
class ApiKey {
 public:
  ApiKey() = default;
  /// Throws Error(kUsage), naming `source` and not the value, for what cannot stand in a header.
  ApiKey(std::string value, const std::string& source);
  /// RECTO_API_KEY, else OPENAI_API_KEY, else none.
  static ApiKey from_environment();

  bool empty() const { return value_.empty(); }
  /// "Authorization: Bearer ...", for the request alone.
  std::string header() const;
  /// `text` with the key replaced wherever it stands, for what a server sent.
  std::string redact(std::string text) const;

 private:
  std::string value_;
};

}  // namespace recto
