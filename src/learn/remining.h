#pragma once
// Hard negatives searched anew with the model as it is, every so many steps of a training.

#include <cstdint>
#include <filesystem>
#include <optional>

#include "learn/mined_negatives.h"
#include "learn/negative_mining.h"
#include "learn/page_source.h"
#include "learn/process_group.h"
#include "learn/train_settings.h"
#include "learn/training_watch.h"

namespace recto {

class Remining {
 public:
  /// References must outlive the object; `threads` read pages ahead and rank.
  Remining(const TrainSettings& settings, const TrainingData& data, const InputBuilder& builder,
           const PageSource& source, int threads, ProcessGroup& group);

  /// Whether negatives are to be searched before the step after `step` steps: every remine_every
  /// steps, and before the first one when the data has none.
  bool due(int64_t step) const;
  /// The number of steps, above `step`, after which they are due next.
  int64_t next(int64_t step) const;

  /// Searches with the model as it is after `step` steps, and tells `watch`; all processes then
  /// have the same. Throws Error(kInterrupted), what reading a page throws and what the group
  /// throws.
  void mine(RetrieverModel& model, int64_t step, TrainingWatch& watch);

  /// The negatives of each query: those of the data until others were mined.
  const NegativeLists& negatives() const { return mined_ ? mined_->lists : of_data_; }

  /// Gives every process what rank 0 has mined. Throws what the group throws.
  void share();

  /// Writes what was mined into a checkpoint's directory, and reads it again; nothing when nothing
  /// was. Throws what write_mined_negatives and read_mined_negatives throw.
  void save(const std::filesystem::path& checkpoint) const;
  void restore(const std::filesystem::path& checkpoint);

 private:
  const TrainSettings& settings_;
  const TrainingData& data_;
  const InputBuilder& builder_;
  const PageSource& source_;
  int threads_;
  ProcessGroup& group_;
  NegativeLists of_data_;
  bool data_has_some_ = false;
  std::optional<NegativeMiner> miner_;
  std::optional<MinedNegatives> mined_;
};

}  // namespace recto
