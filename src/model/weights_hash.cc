#include "model/weights_hash.h"

#include <sys/stat.h>

#include <chrono>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sha256.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

struct Identity {
  std::string text;  ///< of all files
  uint64_t bytes = 0;
  int64_t changed = 0;  ///< latest time of change, seconds
};

Identity identify(const std::vector<fs::path>& files) {
  Identity identity{"recto weights hash 1\n", 0, 0};
  for (const fs::path& file : files) {
    struct stat info{};
    if (::stat(file.c_str(), &info) != 0) {
      fail_errno(errno, fmt::format("cannot read {}", file.string()));
    }
    identity.text += fmt::format("{} {} {} {}.{} {}.{}\n", info.st_dev, info.st_ino, info.st_size,
                                 info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ctim.tv_sec,
                                 info.st_ctim.tv_nsec);
    identity.bytes += static_cast<uint64_t>(info.st_size);
    identity.changed = std::max<int64_t>(identity.changed, info.st_ctim.tv_sec);
  }
  return identity;
}

bool is_hash(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string recall(const fs::path& path) {
  try {
    const std::string text = read_file(path, 1024);
    return is_hash(text) ? text : std::string();
  } catch (const Error&) {  // no cache, or one we may not read: compute
    return {};
  }
}

void remember(const fs::path& path, const std::string& hash) {
  try {
    make_directories(path.parent_path());
    write_file(path, hash);
  } catch (const Error& error) {
    log_debug("the hash of the weights cannot be kept: {}", error.what());
  }
}

bool is_settled(const Identity& identity, int seconds) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count() - identity.changed >=
         seconds;
}

}  // namespace

HashCache user_hash_cache() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return {fs::path(cache) / "recto/weights"};
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return {fs::path(home) / ".cache/recto/weights"};
  return {};
}

std::string weights_sha256(const Weights& weights, const HashCache& cache) {
  const Identity identity = identify(weights.files());
  if (identity.bytes < cache.min_bytes || cache.directory.empty()) return weights.sha256();
  const fs::path path = cache.directory / sha256_hex(identity.text);
  std::string known = recall(path);
  if (!known.empty()) return known;
  const std::string hash = weights.sha256();
  if (is_settled(identity, cache.settle_seconds) &&
      identify(weights.files()).text == identity.text) {
    remember(path, hash);
  }
  return hash;
}

}  // namespace recto
