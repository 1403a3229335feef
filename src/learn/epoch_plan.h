#pragma once
// Pairs cut into batches in which no two tell against each other. Without torch.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "learn/training_data.h"

namespace recto {

/// What two pairs of a batch should not share, by number: the page or its near-duplicate group, and
/// the words of the query.
struct PairKeys {
  uint32_t document = 0;
  uint32_t query = 0;
};

/// The keys of every pair. Queries are the same when plain_query() (data/query_text.h) is.
std::vector<PairKeys> pair_keys(const TrainingData& data);

/// Cuts `items`, pairs that may be there several times, into batches of `batch_size`, in an order
/// drawn from `random`: each item once, and in the last batches, when they would not be full, some
/// of them again. As few pairs as the search can bring about share a key with another of their
/// batch: none when no key has more items than there are batches, but for rare leftovers.
/// `batch_size` is at least 1 and no more than the
/// different pairs among the items; no items give no batches.
std::vector<std::vector<size_t>> plan_batches(const std::vector<size_t>& items,
                                              std::span<const PairKeys> keys, size_t batch_size,
                                              Random& random);

/// How many pairs of the batches share a key with an earlier one of their batch.
size_t count_shared(const std::vector<std::vector<size_t>>& batches,
                    std::span<const PairKeys> keys);

}  // namespace recto
