#pragma once
// Pages of a dataset as inputs of the model.

#include <string>
#include <vector>

#include "data/dataset.h"
#include "learn/feature_cache.h"
#include "learn/retriever_model.h"
#include "learn/training_data.h"
#include "model/model_directory.h"

namespace recto {

/// A page ready for a forward pass; without images when its features are known.
struct PreparedPage {
  std::string id;
  ModelInput input;
  torch::Tensor features;  ///< undefined unless they came from the cache
};

/// Reads, decodes and cuts pages to views. Thread-safe.
class PageSource {
 public:
  /// References must outlive the object. `cache` is null when the vision tower is trained.
  PageSource(const Dataset& dataset, const InputBuilder& builder, FeatureCache* cache)
      : dataset_(dataset), builder_(builder), cache_(cache) {}

  /// Prepares `pages` on up to `threads` threads. Throws Error naming the page whose image cannot
  /// be read or decoded.
  std::vector<PreparedPage> prepare(const std::vector<TrainingData::Page>& pages,
                                    int threads) const;

  /// With a cache: computes the features that are missing, one page at a time so that their bits
  /// do not depend on the others, keeps them, and lets the images go.
  void complete(RetrieverModel& model, std::vector<PreparedPage>& pages) const;

 private:
  PreparedPage prepare(const TrainingData::Page& page) const;

  const Dataset& dataset_;
  const InputBuilder& builder_;
  FeatureCache* cache_;
};

}  // namespace recto
