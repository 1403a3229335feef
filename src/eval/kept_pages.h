#pragma once
// What models make of pages from a feature store, for those of an evaluation: what an earlier
// evaluation or training has computed, or another model of this one.

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "data/feature_store.h"
#include "engine/known_pages.h"
#include "engine/visual_encoder.h"
#include "model/model_directory.h"

namespace recto {

/// The stores of several models in one directory.
class FeatureStores {
 public:
  /// Values are kept as `dtype`, by which they are rounded.
  FeatureStores(std::filesystem::path directory, DType dtype)
      : directory_(std::move(directory)), dtype_(dtype) {}

  /// The store of the last_constant() of `model` by data/feature_key.h: models of which it is the
  /// same share one. Reads the weights that make it. Throws what FeatureStore's constructor throws.
  std::shared_ptr<FeatureStore> open(const ModelDirectory& model);

 private:
  const std::filesystem::path directory_;
  const DType dtype_;
  std::map<std::string, std::shared_ptr<FeatureStore>> stores_;  ///< by key
};

/// Takes them from a store; computes those that are missing, and adds them.
class KeptPages : public KnownPages {
 public:
  /// `store` must be the one that FeatureStores opened for `model` as `dtype`. `threads` = 0: all
  /// cores this process may use.
  KeptPages(std::shared_ptr<FeatureStore> store, DType dtype,
            std::shared_ptr<const ModelDirectory> model, int threads)
      : store_(std::move(store)),
        dtype_(dtype),
        constant_(last_constant(model->contract())),
        width_(static_cast<size_t>(constant_width(constant_, model->config()))),
        encoder_(std::move(model), threads, constant_) {}

  PageConstant constant() const override { return constant_; }

  std::optional<KnownPage> find(const Sha256Digest& image) override;
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
  const PageConstant constant_;
  const size_t width_;
  VisualEncoder encoder_;
  std::atomic<int64_t> from_store_ = 0;
  std::atomic<int64_t> computed_ = 0;
};

}  // namespace recto
