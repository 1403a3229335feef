#pragma once
// How to ask a model behind an OpenAI-compatible HTTP endpoint, and the key that lets one in.

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/json.h"

namespace recto {

struct EndpointSettings {
  /// Where it is: "http://HOST:PORT", ".../v1" or ".../v1/chat/completions".
  std::string url;
  std::string model;   ///< name under which the endpoint serves it
  std::string prompt;  ///< template (curate/endpoint_prompt.h); empty for default_prompt()
  int longest_edge =
      1536;               ///< of the picture that is sent, in pixels; smaller pages go as they are
  int jpeg_quality = 85;  ///< of pictures that are scaled down
  double temperature = 0;
  int max_tokens = 1000;  ///< of an answer
  /// Members laid over those of the request ("top_p", "seed", "chat_template_kwargs", ...); null
  /// removes one. An object, without "model", "messages", "stream" and "n".
  Json parameters = Json::object();
  /// How often a page is asked again, with a note, after an answer that breaks the schema.
  int answer_retries = 2;

  int parallel_requests = 4;         ///< pages in hand at once, over all documents
  double requests_per_minute = 0;    ///< 0 for no limit
  int64_t max_requests = 0;          ///< a run that needs more ends; 0 for no limit
  int retries = 5;                   ///< after a time-out, a broken connection, 429 or 5xx
  double connect_timeout = 10;       ///< seconds
  double request_timeout = 180;      ///< seconds from the connection to the last byte
  double first_backoff = 1;          ///< seconds before the first retry, doubled each time...
  double longest_backoff = 60;       ///< ...up to this
  double longest_retry_after = 600;  ///< seconds; a run told to wait longer ends
  uint64_t seed = 0;                 ///< of the jitter
  std::filesystem::path cache;       ///< directory of answers; empty for none
  std::string proxy;                 ///< "" for none, whatever the environment says
  std::filesystem::path ca_file;     ///< certificates to trust in place of the system's
  double price_input = 0;            ///< per million tokens
  double price_output = 0;
  bool dry_run = false;  ///< count and estimate; no connection is made

  /// What decides the answers, for a manifest: model, hash of the prompt, sampling, picture size.
  /// Neither the address nor anything else that changes from run to run.
  Json manifest() const;
};

/// The address of `resource` ("/chat/completions") at an endpoint: `endpoint` itself when it ends
/// in it, else behind its path, with `version` ("/v1") between where the path has none. Throws
/// Error(kUsage) naming `option` for what is no http or https address, or holds a user, a password,
/// a query or a fragment.
std::string endpoint_url(const std::string& endpoint, const std::string& version,
                         const std::string& resource, const std::string& option);

/// The address that requests go to: endpoint_url() of chat completions.
std::string chat_completions_url(const std::string& endpoint);

/// True for an http address of another machine: what goes there can be read on the way.
bool is_open_to_others(const std::string& endpoint);

/// Throws Error(kUsage) naming the option whose value cannot be meant.
void check_settings(const EndpointSettings& settings);

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
