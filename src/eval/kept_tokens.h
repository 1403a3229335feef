#pragma once
// The visual tokens of pages from a feature store, for the models of an evaluation: those that an
// earlier evaluation or training has computed, or another model of this one.

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "data/feature_store.h"
#include "engine/visual_encoder.h"
#include "engine/visual_tokens.h"
#include "model/model_directory.h"

namespace recto {

/// The stores of several models in one directory.
class FeatureStores {
 public:
  /// Features are kept as `dtype`, by which they are rounded.
  FeatureStores(std::filesystem::path directory, DType dtype)
      : directory_(std::move(directory)), dtype_(dtype) {}

  /// The store of `model` by data/feature_key.h: models whose features are the same share one.
  /// Reads the weights of the vision tower. Throws what FeatureStore's constructor throws.
  std::shared_ptr<FeatureStore> open(const ModelDirectory& model);

 private:
  const std::filesystem::path directory_;
  const DType dtype_;
  std::map<std::string, std::shared_ptr<FeatureStore>> stores_;  ///< by key
};

/// Takes them from a store; computes those that are missing, and adds them.
class KeptTokens : public VisualTokenSource {
 public:
  /// `store` must be the one that FeatureStores opened for `model` as `dtype`. `threads` = 0: all
  /// cores this process may use.
  KeptTokens(std::shared_ptr<FeatureStore> store, DType dtype,
             std::shared_ptr<const ModelDirectory> model, int threads)
      : store_(std::move(store)),
        dtype_(dtype),
        width_(static_cast<size_t>(model->config().text.hidden_size)),
        encoder_(std::move(model), threads) {}

  std::optional<VisualTokens> find(const Sha256Digest& image) override;
  /// Throws Error(kBadInput) for values that the type cannot hold, and what
  /// VisualEncoder::encode() throws.
  std::vector<std::vector<float>> make(std::span<const Missing> pages) override;

  /// Pages until now.
  int64_t from_store() const { return from_store_; }
  int64_t computed() const { return computed_; }

 private:
  std::vector<float> keep(const Missing& page, const std::vector<float>& values);

  const std::shared_ptr<FeatureStore> store_;
  const DType dtype_;
  const size_t width_;
  VisualEncoder encoder_;
  std::atomic<int64_t> from_store_ = 0;
  std::atomic<int64_t> computed_ = 0;
};

}  // namespace recto
