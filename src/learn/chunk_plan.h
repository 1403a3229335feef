#pragma once
// A step cut into chunks that fit into memory, whatever mix of pages, queries and passages it has.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "learn/retriever_model.h"
#include "model/config.h"

namespace recto {

/// Places of sequences that go through the model together. Every sequence is in one chunk.
using Chunks = std::vector<std::vector<size_t>>;

/// Cuts sequences of these costs, of which the first `queries` are queries, into chunks whose costs
/// sum to at most `budget`, or that are a single sequence. All go together, and nothing is computed
/// twice, when the sum of all is at most `budget` beyond what the queries cost, those at most
/// `budget` themselves. Else they are packed first-fit, the costliest first, ties by place: never
/// more than 11/9 of the fewest chunks and one [Johnson 1973]. Within a chunk places ascend.
Chunks plan_chunks(std::span<const uint64_t> costs, size_t queries, uint64_t budget);

/// The same for the inputs of a step, queries first, each at the cost of its activations
/// (activation_bytes() of learn/memory_estimate.h; views whose features are known cost nothing).
Chunks plan_chunks(const ModelConfig& config, bool vision_trained,
                   std::span<const Sequence> sequences, size_t queries, uint64_t budget);

}  // namespace recto
