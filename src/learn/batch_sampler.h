#pragma once
// Which pairs make up each step. Without torch.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "learn/draw_mix.h"
#include "learn/epoch_plan.h"
#include "learn/training_data.h"

namespace recto {

struct BatchSettings {
  int batch_size = 32;      ///< pairs in a step
  bool per_source = false;  ///< all pairs of a step are of one source
  /// T of mix_groups(). Without it every pair is drawn once an epoch, unless sources have weights,
  /// which count as with 1.
  std::optional<double> balance;
  uint64_t seed = 0;
};

/// A step depends on nothing but the data, the settings and its number, so a resumed run needs no
/// other position. No two pairs of a step share a page, a near-duplicate group or the words of the
/// query where the data allows it.
///
/// An epoch has as many steps as batches hold all pairs; the places that are left in its last
/// batches are filled with pairs of the epoch drawn a second time. With a balance the groups get
/// their shares of the places instead, and each group goes through its pairs in turn, over the
/// epochs.
class BatchSampler {
 public:
  /// Keeps what it needs of `data`, which has at least one pair.
  BatchSampler(const TrainingData& data, const BatchSettings& settings);

  int64_t steps_per_epoch() const { return steps_per_epoch_; }
  /// Pairs in a step, or fewer: of all pairs there are, or, per source, of those of the source.
  size_t batch_size() const { return batch_size_; }
  /// Pairs in the smallest step.
  size_t smallest_batch() const;

  /// Numbers of the pairs of step `step` (from 0). Not thread-safe: it keeps the last epoch.
  std::vector<size_t> batch(int64_t step);
  /// How many pairs of the epoch of step `step` share something with an earlier one of their batch.
  size_t shared(int64_t step);

  const std::vector<MixGroup>& groups() const { return groups_; }

 private:
  /// What a batch is drawn from: everything, or one source.
  struct Pool {
    std::vector<size_t> groups;
    size_t pairs = 0;
    double share = 0;
    size_t batch_size = 0;
  };
  void make_pools(const BatchSettings& settings);
  /// The pairs of each pool in the epoch, some of them several times.
  std::vector<std::vector<size_t>> draw(int64_t epoch) const;
  void plan(int64_t epoch);

  std::vector<MixGroup> groups_;
  std::vector<PairKeys> keys_;
  std::vector<Pool> pools_;
  size_t pairs_;
  size_t batch_size_;
  bool balanced_;
  uint64_t seed_;
  int64_t steps_per_epoch_ = 0;
  int64_t epoch_ = -1;
  std::vector<std::vector<size_t>> batches_;
};

}  // namespace recto
