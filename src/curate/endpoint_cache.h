#pragma once
// Answers of a model endpoint on disk, by the content of the question: what was asked once is
// never asked again, by this run or a later one, also after the process was killed.
//
// DIR/AB/ABCD....json holds one answer; the name is the SHA-256 of the request's body, which has
// the model's name, the prompt, the schema, the sampling settings and the picture. The address of
// the endpoint and the API key are not part of it.

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "curate/endpoint_answer.h"

namespace recto {

/// $XDG_CACHE_HOME/recto/endpoint, else ~/.cache/recto/endpoint.
std::filesystem::path default_endpoint_cache();

/// 64 hexadecimal digits for the body of a request.
std::string endpoint_cache_key(const std::string& request);

/// Thread-safe; several processes may share a directory.
class EndpointCache {
 public:
  /// With an empty `directory` nothing is kept. It need not be there.
  explicit EndpointCache(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// Makes the directory, for its owner alone, and tries to write to it. Throws Error(kIo).
  void create() const;

  /// While one lives, other threads wait that claim the same key: two pages that are the same are
  /// asked once.
  class Claim {
   public:
    /// Throws Error(kInterrupted).
    Claim(EndpointCache& cache, std::string key);
    ~Claim();
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

   private:
    EndpointCache& cache_;
    std::string key_;
  };

  /// The answer kept under `key`. A file that is damaged counts as absent; a warning names it.
  std::optional<ChatCompletion> find(const std::string& key) const;
  /// Keeps an answer; it is on disk when this returns. Throws Error(kIo).
  void store(const std::string& key, const ChatCompletion& completion) const;

 private:
  std::filesystem::path file(const std::string& key) const;

  std::filesystem::path directory_;
  std::mutex mutex_;
  std::condition_variable released_;
  std::set<std::string> claimed_;
};

}  // namespace recto
