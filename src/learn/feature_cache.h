#pragma once
// Connector output of pages, kept while vision tower and connector are frozen: it is then a
// constant of the page, and most of the cost of every later epoch.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "learn/torch.h"

namespace recto {

/// What a page is to the text model.
struct PageFeatures {
  std::vector<int32_t> ids;
  torch::Tensor features;  ///< [image tokens, hidden], on the CPU
};

/// Values are kept as they are (fp32), so that a hit changes no bit. What does not fit any more is
/// computed again each time. Thread-safe.
class FeatureCache {
 public:
  explicit FeatureCache(uint64_t most_bytes) : most_bytes_(most_bytes) {}

  std::optional<PageFeatures> find(const std::string& page_id) const {
    const std::lock_guard lock(mutex_);
    const auto found = pages_.find(page_id);
    if (found == pages_.end()) return std::nullopt;
    return found->second;
  }

  void keep(const std::string& page_id, PageFeatures page) {
    const std::lock_guard lock(mutex_);
    const uint64_t bytes = page.features.nbytes() + page.ids.size() * sizeof(int32_t);
    if (bytes_ + bytes > most_bytes_) return;
    if (pages_.emplace(page_id, std::move(page)).second) bytes_ += bytes;
  }

 private:
  const uint64_t most_bytes_;
  mutable std::mutex mutex_;
  uint64_t bytes_ = 0;
  std::unordered_map<std::string, PageFeatures> pages_;
};

}  // namespace recto
