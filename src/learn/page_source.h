#pragma once
// Pages and passages as inputs of the model.

#include <span>
#include <string>
#include <vector>

#include "learn/edge_inputs.h"
#include "learn/feature_cache.h"
#include "learn/retriever_model.h"
#include "learn/training_sources.h"

namespace recto {

/// A page that is wanted, and how large.
struct PageRequest {
  const TrainingData::Page* page = nullptr;
  int longest_edge = 0;  ///< in pixels; 0: the contract's. Nothing to a passage
};

/// The pages of `data` as its contract has them.
std::vector<PageRequest> requests(std::span<const TrainingData::Page> pages);

/// A page ready for a forward pass; without images when its features are known, and when it is a
/// text passage.
struct PreparedPage {
  std::string key;  ///< names the page at this size
  ModelInput input;
  torch::Tensor features;  ///< undefined unless they came from the cache
};

/// Reads, decodes and cuts pages to views; puts passages through the passage prompt. Thread-safe.
class PageSource {
 public:
  /// References must outlive the object. `cache` is null when the vision tower is trained.
  PageSource(const TrainingSources& sources, const EdgeInputs& inputs, FeatureCache* cache)
      : sources_(sources), inputs_(inputs), cache_(cache) {}

  /// Prepares `pages` on up to `threads` threads. Throws Error naming the page whose image cannot
  /// be read or decoded.
  std::vector<PreparedPage> prepare(const std::vector<PageRequest>& pages, int threads) const;

  /// With a cache: computes the features that are missing, one page at a time so that their bits
  /// do not depend on the others, keeps them, and lets the images go.
  void complete(RetrieverModel& model, std::vector<PreparedPage>& pages) const;

 private:
  PreparedPage prepare(const PageRequest& request) const;

  const TrainingSources& sources_;
  const EdgeInputs& inputs_;
  FeatureCache* cache_;
};

}  // namespace recto
