#include "curate/endpoint_cache.h"

#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sha256.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr const char* kFormat = "recto-endpoint-answer";
constexpr int kVersion = 1;
constexpr uint64_t kMaxFileBytes = 16 << 20;
constexpr auto kPoll = std::chrono::milliseconds(50);

Json to_json(const ChatCompletion& completion) {
  return {{"content", completion.content},
          {"finish_reason", completion.finish_reason},
          {"refused", completion.refused},
          {"prompt_tokens", completion.prompt_tokens},
          {"completion_tokens", completion.completion_tokens}};
}

ChatCompletion from_json(const Json& json, const std::string& where) {
  return {json_required<std::string>(json, "content", where),
          json_required<std::string>(json, "finish_reason", where),
          json_required<bool>(json, "refused", where),
          json_required<int64_t>(json, "prompt_tokens", where),
          json_required<int64_t>(json, "completion_tokens", where)};
}

ChatCompletion read_entry(const fs::path& path, const std::string& key) {
  const std::string where = path.string();
  const Json json = read_json(path, kMaxFileBytes);
  const Json answer = json_required<std::string>(json, "format", where) == kFormat &&
                              json_required<int>(json, "format_version", where) == kVersion
                          ? json.value("answer", Json())
                          : Json();
  if (json_required<std::string>(json, "key", where) != key ||
      json_required<std::string>(json, "sha256", where) != sha256_hex(canonical_json(answer))) {
    fail(ErrorCode::kBadInput, "{}: the content does not match its checksum", where);
  }
  return from_json(answer, where);
}

}  // namespace

fs::path default_endpoint_cache() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  fs::path base = ".cache";
  if (cache != nullptr && *cache == '/') {
    base = cache;
  } else if (home != nullptr && *home != '\0') {
    base = fs::path(home) / ".cache";
  }
  return base / "recto" / "endpoint";
}

std::string endpoint_cache_key(const std::string& request) {
  return sha256_hex(fmt::format("{} {}\n{}", kFormat, kVersion, request));
}

void EndpointCache::create() const {
  if (directory_.empty()) return;
  if (!fs::is_directory(directory_)) {
    make_directories(directory_);
    if (::chmod(directory_.c_str(), S_IRWXU) != 0) {
      fail_errno(errno, fmt::format("cannot set the rights of {}", directory_.string()));
    }
  }
  AtomicFile(directory_ / "writable");  // never committed: better now than after a paid answer
}

EndpointCache::Claim::Claim(EndpointCache& cache, std::string key)
    : cache_(cache), key_(std::move(key)) {
  std::unique_lock lock(cache_.mutex_);
  while (!cache_.claimed_.insert(key_).second) {
    cache_.released_.wait_for(lock, kPoll);
    throw_if_interrupted();
  }
}

EndpointCache::Claim::~Claim() {
  const std::lock_guard lock(cache_.mutex_);
  cache_.claimed_.erase(key_);
  cache_.released_.notify_all();
}

std::optional<ChatCompletion> EndpointCache::find(const std::string& key) const {
  const fs::path path = file(key);
  std::error_code ignored;
  if (directory_.empty() || !fs::exists(path, ignored)) return std::nullopt;
  try {
    return read_entry(path, key);
  } catch (const Error& error) {
    log_warning("{}; the page is asked again", error.what());
    return std::nullopt;
  }
}

void EndpointCache::store(const std::string& key, const ChatCompletion& completion) const {
  if (directory_.empty()) return;
  const Json answer = to_json(completion);
  const Json entry = {{"format", kFormat},
                      {"format_version", kVersion},
                      {"key", key},
                      {"sha256", sha256_hex(canonical_json(answer))},
                      {"answer", answer}};
  const fs::path path = file(key);
  make_directories(path.parent_path());
  write_file(path, pretty_json(entry));
}

fs::path EndpointCache::file(const std::string& key) const {
  return directory_ / key.substr(0, 2) / (key + ".json");
}

}  // namespace recto
