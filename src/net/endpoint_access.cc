#include "net/endpoint_access.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace recto {
namespace {

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

}  // namespace

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

bool is_open_to_others(const std::string& endpoint) {
  const Url url(curl_url());
  RECTO_CHECK(url != nullptr);
  if (curl_url_set(url.get(), CURLUPART_URL, endpoint.c_str(), 0) != CURLUE_OK) return false;
  const std::string host = url_part(url.get(), CURLUPART_HOST);
  const bool here = host == "localhost" || host == "[::1]" || host.starts_with("127.");
  return url_part(url.get(), CURLUPART_SCHEME) == "http" && !here;
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
