#pragma once
// Pages and passages as inputs of the model.

#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "learn/edge_inputs.h"
#include "learn/feature_source.h"
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
  PictureId picture;  ///< of a page whose features may be known
  ModelInput input;
  torch::Tensor features;  ///< undefined unless they are known and visual tokens
  torch::Tensor weights;   ///< undefined unless they are known and weights

  bool known() const { return features.defined() || weights.defined(); }
  Sequence sequence(uint64_t dropout_seed = 0) const {
    return {&input, features, dropout_seed, weights};
  }
};

/// Reads, decodes and cuts pages to views; puts passages through the passage prompt. Thread-safe.
class PageSource {
 public:
  /// References must outlive the object. `features` is null when the vision tower is trained.
  PageSource(const TrainingSources& sources, const EdgeInputs& inputs, FeatureSource* features)
      : sources_(sources), inputs_(inputs), features_(features) {}

  /// Prepares `pages` on up to `threads` threads. Throws Error naming the page whose image cannot
  /// be read or decoded.
  std::vector<PreparedPage> prepare(const std::vector<PageRequest>& pages, int threads) const;

  /// With a source of features: computes those that are missing and lets the images go.
  void complete(std::vector<PreparedPage>& pages) const;

  /// Those of `pages` whose features nobody knows yet; none without a source of features. Reads
  /// every image file on up to `threads` threads. Throws as prepare() does.
  std::vector<PageRequest> missing(const std::vector<PageRequest>& pages, int threads) const;

 private:
  int edge(const PageRequest& request) const;
  PreparedPage prepare(const PageRequest& request) const;
  std::string image(const TrainingData::Page& page) const;
  PictureId picture(const PageRequest& request, std::string* bytes = nullptr) const;
  bool take_known(PreparedPage& page) const;
  void take(PreparedPage& page, const torch::Tensor& features) const;

  const TrainingSources& sources_;
  const EdgeInputs& inputs_;
  FeatureSource* features_;
  mutable std::mutex mutex_;  ///< of the hashes of the image files, by TrainingData::Page::key()
  mutable std::unordered_map<std::string, Sha256Digest> digests_;
};

}  // namespace recto
