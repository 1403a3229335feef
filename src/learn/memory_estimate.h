#pragma once
// What a training run will need, said before it starts.

#include <cstdint>
#include <string>
#include <vector>

#include "learn/training_data.h"
#include "model/config.h"
#include "model/contract.h"

namespace recto {

/// Bytes that the activations of a page keep from its forward to its backward pass, from the sizes
/// of the layers; what torch holds in between is about a fifth more.
uint64_t page_activation_bytes(const ModelConfig& config, int views, bool vision_trained);

/// Bytes of the connector output of a page.
uint64_t page_feature_bytes(const ModelConfig& config, int views);

/// Views of the page with the most, under the contract.
int most_views(const std::vector<TrainingData::Page>& pages, const ViewSettings& settings);

/// Pages of a step of `batch_size` pairs, hard negatives included, when no two pairs share one.
int most_pages_in_step(const TrainingData& data, size_t batch_size, int negatives);

struct MemoryEstimate {
  uint64_t weights = 0;      ///< the model in fp32
  uint64_t optimizer = 0;    ///< gradients and both moments
  uint64_t activations = 0;  ///< of one chunk
  uint64_t features = 0;     ///< most that the feature cache may take
  uint64_t available = 0;
  int chunk_size = 0;  ///< pages in one pass with gradients

  uint64_t total() const { return weights + optimizer + activations + features; }
  /// One line for people.
  std::string text() const;
};

struct MemoryRequest {
  int64_t parameters = 0;  ///< of the model
  int64_t trained = 0;
  int queries_in_step = 0;
  int pages_in_step = 0;  ///< positives and hard negatives
  int pages_in_data = 0;
  int views = 0;  ///< of a page
  bool vision_trained = false;
  int chunk_size = 0;  ///< 0: chosen so that the activations take at most half of what is free
};

/// `available` is what the machine has now. A chosen chunk is all pages of a step when they fit
/// together with the queries, or the largest power of two that fits, at least 1.
MemoryEstimate estimate_memory(const ModelConfig& config, const MemoryRequest& request,
                               uint64_t available);

}  // namespace recto
