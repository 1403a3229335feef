#pragma once
// What is not trained on, to measure on. Without torch.

#include <cstdint>

#include "data/dataset.h"
#include "learn/training_data.h"

namespace recto {

/// Data to measure on out of one dataset: its split "validation" when it has one; else every tenth
/// family of `train`, its data (chosen by `seed`, at least one of them), which is taken out of it
/// with its pages. A family with more than a fifth of the queries is taken only where each that has
/// queries is as large, and then the smallest. Nothing is taken when there is only one family: the
/// result is then empty. Throws Error(kBadInput) when nothing would be left to train on, or to
/// measure on.
TrainingData hold_out(const Dataset& dataset, TrainingData& train, uint64_t seed);

/// At most `most` queries, evenly spread, and at most twice as many pages: those that answer them
/// and others of their documents. Negatives are left out.
TrainingData limit_queries(const TrainingData& data, size_t most);

}  // namespace recto
