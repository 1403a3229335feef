#include "serve/api_key.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <sstream>
#include <string_view>

#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "serve/http_message.h"

namespace recto {
namespace {

constexpr uint64_t kMaxFileBytes = 1 << 20;
constexpr std::string_view kBearer = "bearer ";
constexpr std::string_view kBasic = "basic ";

std::string_view trimmed(std::string_view text) {
  constexpr const char* kSpace = " \t\r";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// What follows `scheme`, in letters of any case.
std::optional<std::string_view> after_scheme(std::string_view header, std::string_view scheme) {
  if (!is_same_word(header.substr(0, scheme.size()), scheme)) return std::nullopt;
  return trimmed(header.substr(scheme.size()));
}

/// The secret of an Authorization header.
std::optional<std::string> secret_of(std::string_view header) {
  if (const auto key = after_scheme(header, kBearer)) return std::string(*key);
  const auto encoded = after_scheme(header, kBasic);
  if (!encoded) return std::nullopt;
  const auto pair = base64_bytes(*encoded);
  if (!pair || pair->find(':') == std::string::npos) return std::nullopt;
  return pair->substr(pair->find(':') + 1);
}

}  // namespace

ApiKeys ApiKeys::read(const std::filesystem::path& file) {
  ApiKeys keys;
  std::istringstream lines(read_file(file, kMaxFileBytes));
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::string_view key = trimmed(line);
    if (key.empty() || key.front() == '#') continue;
    if (std::any_of(key.begin(), key.end(), [](char c) { return c <= ' ' || c > '~'; })) {
      fail(ErrorCode::kBadInput,
           "{} line {}: the key holds white space or characters that are not ASCII", file.string(),
           number);
    }
    if (key.size() < kLeastBytes) {
      fail(ErrorCode::kBadInput,
           "{} line {}: the key has {} characters; at least {} are wanted, such as those of: "
           "openssl rand -hex 32",
           file.string(), number, key.size(), kLeastBytes);
    }
    keys.digests_.push_back(sha256_digest(as_bytes(key)));
  }
  if (keys.empty()) {
    fail(ErrorCode::kBadInput, "{}: holds no key; write one on a line of its own", file.string());
  }
  return keys;
}

bool ApiKeys::accept(const std::string& authorization) const {
  if (digests_.empty()) return true;
  const auto secret = secret_of(trimmed(authorization));
  if (!secret) return false;
  const Sha256Digest digest = sha256_digest(as_bytes(*secret));
  bool found = false;
  for (const Sha256Digest& key : digests_) {
    found |= ::CRYPTO_memcmp(digest.data(), key.data(), key.size()) == 0;
  }
  return found;
}

}  // namespace recto
