#pragma once
// Pairs of queries and pages out of a dataset, and what is held out to measure on. Without torch.

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace recto {

/// A split of a dataset, by number instead of by id.
struct TrainingData {
  struct Page {
    std::string id;
    std::string split;  ///< the table its image is in
    std::string document_id;
    std::string near_group;
    int width = 0, height = 0;  ///< of the image, in pixels
  };
  struct Query {
    std::string id;
    std::string text;
    std::vector<size_t> positives;  ///< pages that answer it, in the order of the table
    std::vector<size_t> negatives;  ///< mined pages that do not, best rank first
  };
  struct Pair {
    size_t query = 0;
    size_t page = 0;
  };

  std::vector<Page> pages;
  std::vector<Query> queries;  ///< those with at least one positive
  std::vector<Pair> pairs;
};

/// Reads queries, qrels (grades above 0), pages and negatives of `split`. Throws Error(kNotFound |
/// kBadInput) naming the table and id: a table that is missing or empty, a row that names a query
/// or page that is not there, a query of white space.
TrainingData load_training_data(const Dataset& dataset, const std::string& split);

/// Data to measure on: the split "validation" when the dataset has one; else every tenth family of
/// `train` (chosen by `seed`, at least one of them), which is taken out of it. Nothing is taken
/// when there is only one family: the result is then empty. At most `most_queries` queries are
/// kept, and at most twice as many pages: those that answer them and others of their documents.
TrainingData hold_out(const Dataset& dataset, TrainingData& train, int most_queries, uint64_t seed);

/// Which pairs make up each step. A step depends on nothing but the seed and its number, so a
/// resumed run needs no other position.
class BatchSampler {
 public:
  /// `batch_size` is lowered to `pairs` when there are fewer. The pairs that do not fill a batch at
  /// the end of an epoch are left out of it; every epoch has another order.
  BatchSampler(size_t pairs, int batch_size, uint64_t seed);

  int64_t steps_per_epoch() const { return static_cast<int64_t>(pairs_ / batch_); }
  size_t batch_size() const { return batch_; }
  /// Numbers of the pairs of step `step` (from 0). Not thread-safe: it keeps the last epoch.
  std::vector<size_t> batch(int64_t step);

 private:
  size_t pairs_;
  size_t batch_;
  uint64_t seed_;
  int64_t epoch_ = -1;
  std::vector<size_t> order_;
};

}  // namespace recto
