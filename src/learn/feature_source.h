#pragma once
// Where what is constant of pages comes from while vision tower and connector are frozen, their
// output or what is made of it: from memory, from a store of earlier epochs and runs, or computed.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "data/feature_store.h"
#include "engine/visual_encoder.h"
#include "learn/feature_cache.h"
#include "learn/feature_counts.h"
#include "learn/retriever_model.h"
#include "learn/train_settings.h"

namespace recto {

/// Finds the features of pages, and computes those that nobody knows yet: on the CPU with the
/// engine, elsewhere with the torch model. All are rounded to one type first, so that it makes no
/// difference where a page comes from. Thread-safe but for compute().
class FeatureSource {
 public:
  /// `settings` names the store (or none) and the type. At most `memory_bytes` are kept in memory,
  /// of what is not in the store. The vision tower and connector of `model` must be frozen and as
  /// in `directory`. Throws what FeatureStore's constructor throws.
  FeatureSource(std::shared_ptr<const ModelDirectory> directory, RetrieverModel model,
                const TrainSettings& settings, uint64_t memory_bytes);

  /// What the features are: weights when nothing that makes them is trained
  /// (RetrieverModel::weights_are_constant()).
  PageConstant constant() const { return constant_; }
  /// Nothing when the page has to be computed.
  std::optional<PageFeatures> find(const PictureId& page);
  /// Whether find() would look for it, without reading it.
  bool contains(const PictureId& page);

  /// A page to compute; `input` has its images.
  struct Missing {
    PictureId page;
    const ModelInput* input;
  };
  /// Computes pages and keeps them. The bits of one do not depend on the others. Throws
  /// Error(kBadInput) for values that the type cannot hold.
  std::vector<PageFeatures> compute(std::span<const Missing> pages);

  /// Brings what was stored to the disk.
  void sync();
  bool has_store() const { return !store_path_.empty(); }
  /// Of the model too, as it was used until now.
  FeatureCounts counts() const;

 private:
  std::unique_ptr<VisualEncoder> make_encoder(int threads) const;
  std::vector<torch::Tensor> computed(std::span<const Missing> pages);
  PageFeatures keep(const Missing& missing, const torch::Tensor& values);
  FeatureStore* store(int longest_edge);

  std::shared_ptr<const ModelDirectory> directory_;
  RetrieverModel model_;
  PageConstant constant_;
  DType dtype_;
  int64_t width_;
  FeatureCache memory_;
  std::unique_ptr<VisualEncoder> encoder_;  ///< null: the torch model computes
  const std::filesystem::path store_path_;  ///< empty: no store
  std::string vision_sha256_;
  Json weights_key_;                                     ///< null: visual tokens are kept
  mutable std::mutex mutex_;                             ///< of the following
  std::map<int, std::unique_ptr<FeatureStore>> stores_;  ///< by longest edge
  std::unordered_set<PictureId, PictureIdHash> seen_in_store_;
  FeatureCounts counts_;  ///< vision_views: of the encoder
};

/// The source of a run, null when `model` trains its vision tower or connector: their output is no
/// constant then. Throws Error(kUsage) when a store was asked for all the same.
std::unique_ptr<FeatureSource> open_feature_source(std::shared_ptr<const ModelDirectory> directory,
                                                   RetrieverModel model,
                                                   const TrainSettings& settings,
                                                   uint64_t memory_bytes);

}  // namespace recto
