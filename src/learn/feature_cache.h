#pragma once
// What is constant of pages, kept in memory while vision tower and connector are frozen: most of
// the cost of every later epoch.

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/sha256_digest.h"
#include "learn/torch.h"
#include "model/views.h"

namespace recto {

/// What a page is to what is trained: the connector's output, or the weights made of it.
struct PageFeatures {
  Tiling tiling;
  /// [image tokens, hidden] or [1, vocabulary], on the CPU, of the type they are kept in.
  torch::Tensor features;
};

/// Which picture of a page.
struct PictureId {
  Sha256Digest image{};  ///< SHA-256 of its image file
  int longest_edge = 0;  ///< in pixels, that it is resized to

  bool operator==(const PictureId&) const = default;
};
struct PictureIdHash {
  size_t operator()(const PictureId& id) const {
    return Sha256DigestHash()(id.image) + static_cast<size_t>(id.longest_edge);
  }
};

/// Values are kept as they are, so that a hit changes no bit. What does not fit any more is
/// computed again each time. Thread-safe.
class FeatureCache {
 public:
  explicit FeatureCache(uint64_t most_bytes) : most_bytes_(most_bytes) {}

  std::optional<PageFeatures> find(const PictureId& page) const {
    const std::lock_guard lock(mutex_);
    const auto found = pages_.find(page);
    if (found == pages_.end()) return std::nullopt;
    return found->second;
  }

  void keep(const PictureId& page, const PageFeatures& features) {
    const std::lock_guard lock(mutex_);
    const uint64_t bytes = features.features.nbytes();
    if (bytes_ + bytes > most_bytes_) return;
    if (pages_.emplace(page, features).second) bytes_ += bytes;
  }

 private:
  const uint64_t most_bytes_;
  mutable std::mutex mutex_;
  uint64_t bytes_ = 0;
  std::unordered_map<PictureId, PageFeatures, PictureIdHash> pages_;
};

}  // namespace recto
