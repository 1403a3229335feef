#pragma once
// Batches for tests.

#include <vector>

#include "learn/contrastive_batch.h"

namespace recto {

/// The pairs with the first `most` hard negatives of each.
inline ContrastiveBatch batch_of(const TrainingData& data, const std::vector<size_t>& pairs,
                                 int most) {
  return make_batch(data, pairs,
                    choose_negatives(data, negatives_of(data), pairs, {.most = most}, 0));
}

}  // namespace recto
