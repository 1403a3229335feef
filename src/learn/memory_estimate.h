#pragma once
// What a training run will need, said before it starts.

#include <cstdint>
#include <string>
#include <vector>

#include "learn/training_data.h"
#include "model/config.h"
#include "model/contract.h"

namespace recto {

/// Bytes that the activations of a sequence keep from its forward to its backward pass, from the
/// sizes of the layers; what torch holds in between is about a fifth more. DoRA and dropout of
/// adapters keep about twice as much. `tokens` are those of
/// the text model, image tokens included; views cost nothing of their own unless the vision tower
/// is trained. `recompute`: with gradient checkpointing.
uint64_t activation_bytes(const ModelConfig& config, int64_t tokens, int views, bool vision_trained,
                          bool recompute = false, bool bf16 = false);

/// The same for a page of that many views, with the tokens it has about.
uint64_t page_activation_bytes(const ModelConfig& config, int views, bool vision_trained,
                               bool recompute = false, bool bf16 = false);

/// Queries are that much shorter than pages, roughly.
inline constexpr uint64_t kQueriesPerPage = 16;

/// Bytes of the connector output of a page, each number taking `value_bytes`.
uint64_t page_feature_bytes(const ModelConfig& config, int views, uint64_t value_bytes = 4);

/// Bytes of the packed fp32 weights that compute it on a CPU beside a model that is trained.
uint64_t encoder_bytes(const ModelConfig& config);

/// Of libraries and what they keep, whatever is trained.
inline constexpr uint64_t kProgramBytes = 250'000'000;

/// Views of the page with the most, under the contract; 0 when there are passages alone.
int most_views(const std::vector<TrainingData::Page>& pages, const ViewSettings& settings);

/// Pages of a step of `batch_size` pairs, hard negatives included, when no two pairs share one.
/// With `mined` each query may have as many as are asked for, whatever the data has.
int most_pages_in_step(const TrainingData& data, size_t batch_size, int negatives, bool mined);

struct MemoryEstimate {
  uint64_t weights = 0;        ///< the model in fp32
  uint64_t optimizer = 0;      ///< gradients and both moments
  uint64_t activations = 0;    ///< of one chunk
  uint64_t sparse = 0;         ///< of the sparse output
  uint64_t features = 0;       ///< of pages, kept in memory
  uint64_t encoder = 0;        ///< what computes them
  uint64_t feature_limit = 0;  ///< most that may be kept in memory when a store fails
  uint64_t available = 0;
  int chunk_size = 0;  ///< pages of the largest kind in one pass with gradients
  uint64_t page = 0;   ///< activations of such a page in fp32 and without checkpointing: what
                       ///< chunks are planned by (learn/chunk_plan.h)

  uint64_t total() const {
    return weights + optimizer + activations + sparse + features + encoder + kProgramBytes;
  }
  /// One line for people.
  std::string text() const;
  /// Throws Error(kLimit) saying what to do when weights, gradients and optimiser alone are more
  /// than is available; warns on stderr when all together are.
  void check() const;
};

struct MemoryRequest {
  int64_t parameters = 0;  ///< of the model
  int64_t trained = 0;
  int queries_in_step = 0;
  int pages_in_step = 0;   ///< positives and hard negatives
  int pages_in_data = 0;   ///< pictures at each of their sizes
  int views = 0;           ///< of the largest page; 0 when there are passages alone
  int passage_tokens = 0;  ///< of the longest passage; 0 for none
  bool vision_trained = false;
  bool sparse = false;               ///< the sparse output is trained too
  uint64_t feature_value_bytes = 4;  ///< of a number of the features of a page
  bool weights = false;              ///< which are its weights over the vocabulary
  bool feature_store = false;        ///< they are kept in files
  uint64_t encoder = 0;              ///< encoder_bytes(), where that computes them
  bool recompute = false;            ///< gradient checkpointing
  bool bf16 = false;
  int chunk_size = 0;  ///< 0: chosen so that the activations take at most half of what the weights,
                       ///< gradients and optimiser leave
};

/// `available` is what the machine has before the model is read. A chosen chunk is all pages of a
/// step when they fit together with the queries, or the largest power of two that fits, at least 1.
MemoryEstimate estimate_memory(const ModelConfig& config, const MemoryRequest& request,
                               uint64_t available);

}  // namespace recto
