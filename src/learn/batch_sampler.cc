#include "learn/batch_sampler.h"

#include <algorithm>
#include <utility>

#include "base/random.h"

namespace recto {
namespace {

// Streams of random numbers, by what they are for.
constexpr uint64_t kPlanStream = 0x706c616e;  // "plan"
constexpr uint64_t kTurnStream = 0x7475726e;  // "turn"

Random stream(uint64_t seed, uint64_t purpose, uint64_t number) {
  return Random(Random(seed, purpose).next(), number);
}

size_t batches_of(size_t pairs, size_t batch_size) { return (pairs + batch_size - 1) / batch_size; }

bool has_weights(const TrainingData& data) {
  return std::any_of(data.sources.begin(), data.sources.end(),
                     [](const TrainingData::Source& source) { return source.weight != 1; });
}

std::optional<double> balance_of(const TrainingData& data, const BatchSettings& settings) {
  if (settings.balance || !has_weights(data)) return settings.balance;
  return 1.0;
}

/// The pairs [first, first + count) of a group that goes through its pairs over and over, each time
/// in another order.
void take_turns(const std::vector<size_t>& pairs, size_t first, size_t count, uint64_t seed,
                std::vector<size_t>& taken) {
  for (const size_t end = first + count; first < end;) {
    const size_t round = first / pairs.size();
    std::vector<size_t> order = pairs;
    Random(seed, round).shuffle(order);
    const size_t stop = std::min(end, (round + 1) * pairs.size());
    for (; first < stop; ++first) taken.push_back(order[first - round * pairs.size()]);
  }
}

}  // namespace

BatchSampler::BatchSampler(const TrainingData& data, const BatchSettings& settings)
    : groups_(mix_groups(data, balance_of(data, settings))),
      keys_(pair_keys(data)),
      pairs_(data.pairs.size()),
      batch_size_(std::min(pairs_, static_cast<size_t>(settings.batch_size))),
      balanced_(balance_of(data, settings).has_value()),
      seed_(settings.seed) {
  make_pools(settings);
  for (const Pool& pool : pools_) {
    steps_per_epoch_ += static_cast<int64_t>(batches_of(pool.pairs, pool.batch_size));
  }
  if (balanced_) steps_per_epoch_ = static_cast<int64_t>(batches_of(pairs_, batch_size_));
}

void BatchSampler::make_pools(const BatchSettings& settings) {
  for (size_t g = 0; g < groups_.size(); ++g) {
    const bool is_new = g == 0 || groups_[g].source != groups_[g - 1].source;
    if (pools_.empty() || (settings.per_source && is_new)) pools_.emplace_back();
    Pool& pool = pools_.back();
    pool.groups.push_back(g);
    pool.pairs += groups_[g].pairs.size();
    pool.share += groups_[g].share;
    pool.batch_size = std::min(pool.pairs, batch_size_);
  }
}

size_t BatchSampler::smallest_batch() const {
  size_t smallest = batch_size_;
  for (const Pool& pool : pools_) smallest = std::min(smallest, pool.batch_size);
  return smallest;
}

std::vector<std::vector<size_t>> BatchSampler::draw(int64_t epoch) const {
  std::vector<std::vector<size_t>> drawn(pools_.size());
  if (!balanced_) {
    for (size_t p = 0; p < pools_.size(); ++p) {
      for (const size_t g : pools_[p].groups) {
        drawn[p].insert(drawn[p].end(), groups_[g].pairs.begin(), groups_[g].pairs.end());
      }
    }
    return drawn;
  }
  std::vector<double> pool_shares;
  std::vector<Apportionment> of_pool;
  for (const Pool& pool : pools_) {
    pool_shares.push_back(pool.share);
    std::vector<double> shares;
    for (const size_t g : pool.groups) shares.push_back(groups_[g].share);
    of_pool.emplace_back(std::move(shares));
  }
  Apportionment of_all(std::move(pool_shares));
  std::vector<size_t> used(groups_.size());  // draws of each group so far
  for (int64_t e = 0; e <= epoch; ++e) {
    const std::vector<size_t> batches = of_all.next(static_cast<size_t>(steps_per_epoch_));
    for (size_t p = 0; p < pools_.size(); ++p) {
      const std::vector<size_t> counts = of_pool[p].next(batches[p] * pools_[p].batch_size);
      for (size_t i = 0; i < counts.size(); ++i) {
        const size_t g = pools_[p].groups[i];
        if (e == epoch) {
          take_turns(groups_[g].pairs, used[g], counts[i], stream(seed_, kTurnStream, g).next(),
                     drawn[p]);
        }
        used[g] += counts[i];
      }
    }
  }
  return drawn;
}

void BatchSampler::plan(int64_t epoch) {
  if (epoch == epoch_) return;
  Random random = stream(seed_, kPlanStream, static_cast<uint64_t>(epoch));
  batches_.clear();
  const std::vector<std::vector<size_t>> drawn = draw(epoch);
  for (size_t p = 0; p < pools_.size(); ++p) {
    for (std::vector<size_t>& batch : plan_batches(drawn[p], keys_, pools_[p].batch_size, random)) {
      batches_.push_back(std::move(batch));
    }
  }
  if (pools_.size() > 1) random.shuffle(batches_);
  epoch_ = epoch;
}

std::vector<size_t> BatchSampler::batch(int64_t step) {
  plan(step / steps_per_epoch_);
  return batches_[static_cast<size_t>(step % steps_per_epoch_)];
}

size_t BatchSampler::shared(int64_t step) {
  plan(step / steps_per_epoch_);
  return count_shared(batches_, keys_);
}

}  // namespace recto
