#pragma once
// Everything --data names, as one. Without torch.

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"
#include "learn/data_argument.h"
#include "learn/training_data.h"

namespace recto {

/// Several sources joined by number. Documents, pages and groups of two sources are different ones
/// whatever their ids, but for documents that are named by the hash of their file: a page that
/// is in two datasets counts as a near-duplicate of itself.
class TrainingSources {
 public:
  /// Opens the train split of every dataset and every file of text pairs. With `most_held_out`
  /// queries above 0 the data to measure on is taken as hold_out() says, of the datasets alone, and
  /// limited to that many; queries whose document another dataset trains on are left out of it.
  /// Throws Error(kUsage) as parse_data_arguments() does, what opening a source throws, and
  /// Error(kBadInput) naming a page of a dataset that has no image.
  TrainingSources(const std::vector<std::string>& arguments, int most_held_out, uint64_t seed);

  const TrainingData& train() const { return train_; }
  const TrainingData& held_out() const { return held_out_; }

  /// The source of a page, for messages.
  const std::string& name(const TrainingData::Page& page) const {
    return train_.sources[page.source].name;
  }
  /// Of `train().sources`; null for a file of text pairs.
  const Dataset* dataset(size_t source) const {
    return datasets_[source] ? &*datasets_[source] : nullptr;
  }
  /// The encoded picture of a page of either. Thread-safe. Throws Error(kBadInput) when it
  /// has none, and what reading it throws.
  std::string image(const TrainingData::Page& page) const;

  /// What a resumed run compares: for each source its weight and a SHA-256 over its pages,
  /// passages, queries, who answers whom and its tables (learn/source_hash.h).
  Json identity() const;

 private:
  void open(const DataArgument& argument, bool hold_some_out, uint64_t seed);

  std::vector<DataArgument> arguments_;
  std::vector<std::optional<Dataset>> datasets_;  // nothing for a file of text pairs
  std::vector<std::string> hashes_;
  TrainingData train_, held_out_;
};

}  // namespace recto
