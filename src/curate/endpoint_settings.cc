#include "curate/endpoint_settings.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>

#include "base/sha256.h"
#include "curate/endpoint_prompt.h"

namespace recto {
namespace {

constexpr std::array kOwnMembers = {"model", "messages", "stream", "n"};

struct UrlCleanup {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlCleanup>;

std::string url_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

/// True for a path with a version in it: /v1, /openai/v1, /v1beta/openai.
bool has_version(const std::string& path) {
  for (size_t at = path.find("/v"); at != std::string::npos; at = path.find("/v", at + 1)) {
    if (at + 2 < path.size() && path[at + 2] >= '0' && path[at + 2] <= '9') return true;
  }
  return false;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

void check_range(const char* option, double value, double least, double most) {
  if (std::isfinite(value) && value >= least && value <= most) return;
  fail(ErrorCode::kUsage, "{} is {}; it must be between {} and {}", option, value, least, most);
}

void check_parameters(const Json& parameters) {
  if (!parameters.is_object()) {
    fail(ErrorCode::kUsage, "--request-parameters must be a JSON object such as {{\"top_p\":0.9}}");
  }
  for (const char* name : kOwnMembers) {
    if (!parameters.contains(name)) continue;
    fail(ErrorCode::kUsage, "--request-parameters: \"{}\" cannot be set; recto fills it itself",
         name);
  }
}

}  // namespace

Json EndpointSettings::manifest() const {
  return {{"model", model},
          {"prompt_sha256", sha256_hex(prompt.empty() ? default_prompt() : prompt)},
          {"longest_edge", longest_edge},
          {"jpeg_quality", jpeg_quality},
          {"temperature", temperature},
          {"max_tokens", max_tokens},
          {"parameters", parameters},
          {"answer_retries", answer_retries}};
}

std::string endpoint_url(const std::string& endpoint, const std::string& version,
                         const std::string& resource, const std::string& option) {
  // The address itself is not repeated: it may hold a password.
  const Url url(curl_url());
  RECTO_CHECK(url != nullptr);
  if (curl_url_set(url.get(), CURLUPART_URL, endpoint.c_str(), 0) != CURLUE_OK) {
    fail(ErrorCode::kUsage, "{}: not an address; write one such as http://localhost:8000/v1",
         option);
  }
  const std::string scheme = url_part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    fail(ErrorCode::kUsage, "{}: the address must begin with http:// or https://", option);
  }
  for (const CURLUPart part :
       {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    if (url_part(url.get(), part).empty()) continue;
    fail(ErrorCode::kUsage,
         "{}: the address must not hold a user, password, query (?) or fragment (#); a key "
         "belongs into the environment variable RECTO_API_KEY",
         option);
  }
  std::string path = url_part(url.get(), CURLUPART_PATH);
  while (ends_with(path, "/")) path.pop_back();
  if (!ends_with(path, resource)) path += has_version(path) ? resource : version + resource;
  RECTO_CHECK(curl_url_set(url.get(), CURLUPART_PATH, path.c_str(), 0) == CURLUE_OK);
  return url_part(url.get(), CURLUPART_URL);
}

std::string chat_completions_url(const std::string& endpoint) {
  return endpoint_url(endpoint, "/v1", "/chat/completions", "--endpoint");
}

bool is_open_to_others(const std::string& endpoint) {
  const Url url(curl_url());
  RECTO_CHECK(url != nullptr);
  if (curl_url_set(url.get(), CURLUPART_URL, endpoint.c_str(), 0) != CURLUE_OK) return false;
  const std::string host = url_part(url.get(), CURLUPART_HOST);
  const bool here = host == "localhost" || host == "[::1]" || host.starts_with("127.");
  return url_part(url.get(), CURLUPART_SCHEME) == "http" && !here;
}

void check_settings(const EndpointSettings& settings) {
  if (settings.url.empty()) fail(ErrorCode::kUsage, "--generator openai needs --endpoint URL");
  if (settings.model.empty()) {
    fail(ErrorCode::kUsage,
         "--generator openai needs --llm NAME, the name under which the endpoint serves the model");
  }
  chat_completions_url(settings.url);
  if (settings.proxy.find('@') != std::string::npos) {
    fail(ErrorCode::kUsage, "--endpoint-proxy: the address must not hold a user or a password");
  }
  check_range("--endpoint-edge", settings.longest_edge, 64, 8192);
  check_range("--temperature", settings.temperature, 0, 2);
  check_range("--max-tokens", settings.max_tokens, 1, 1e6);
  check_range("--answer-retries", settings.answer_retries, 0, 20);
  check_range("--parallel-requests", settings.parallel_requests, 1, 1024);
  check_range("--requests-per-minute", settings.requests_per_minute, 0, 1e6);
  check_range("--max-requests", static_cast<double>(settings.max_requests), 0, 1e15);
  check_range("--retries", settings.retries, 0, 100);
  check_range("--request-timeout", settings.request_timeout, 0.01, 86400);
  check_range("--price-input", settings.price_input, 0, 1e9);
  check_range("--price-output", settings.price_output, 0, 1e9);
  check_parameters(settings.parameters);
}

ApiKey::ApiKey(std::string value, const std::string& source) : value_(std::move(value)) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!value_.empty() && is_space(value_.back())) value_.pop_back();
  value_.erase(0, static_cast<size_t>(std::find_if_not(value_.begin(), value_.end(), is_space) -
                                      value_.begin()));
  if (std::any_of(value_.begin(), value_.end(), [](char c) { return c <= ' ' || c > '~'; })) {
    fail(ErrorCode::kUsage,
         "{}: the key holds white space or characters that are not ASCII; set it again", source);
  }
}

ApiKey ApiKey::from_environment() {
  for (const char* name : {"RECTO_API_KEY", "OPENAI_API_KEY"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return ApiKey(value, name);
  }
  return {};
}

std::string ApiKey::header() const { return "Authorization: Bearer " + value_; }

std::string ApiKey::redact(std::string text) const {
  constexpr std::string_view kMark = "[API key]";
  if (value_.empty()) return text;
  for (size_t at = text.find(value_); at != std::string::npos;
       at = text.find(value_, at + kMark.size())) {
    text.replace(at, value_.size(), kMark);
  }
  return text;
}

}  // namespace recto
