#pragma once
// The keys that let a client in.

#include <filesystem>
#include <string>
#include <vector>

#include "base/sha256_digest.h"

namespace recto {

/// Keys of a file, of which only hashes are kept. Immutable, thread-safe.
class ApiKeys {
 public:
  /// None: everyone is let in.
  ApiKeys() = default;
  /// One key a line; blank lines and what begins with "#" are passed over. Throws Error(kNotFound |
  /// kIo), and Error(kBadInput), which never shows a key, for a file without one or with a key that
  /// no header can hold or that has less than kLeastBytes.
  static ApiKeys read(const std::filesystem::path& file);
  static constexpr size_t kLeastBytes = 16;

  bool empty() const { return digests_.empty(); }
  /// Whether an Authorization header has one of the keys: as "Bearer KEY", or as the password of
  /// "Basic ...", which is what browsers ask for. How long it takes says nothing about a key.
  bool accept(const std::string& authorization) const;

 private:
  std::vector<Sha256Digest> digests_;
};

}  // namespace recto
