#include "learn/chunk_plan.h"

#include <algorithm>
#include <numeric>

#include "learn/memory_estimate.h"

namespace recto {
namespace {

std::vector<size_t> places(size_t count) {
  std::vector<size_t> all(count);
  std::iota(all.begin(), all.end(), size_t{0});
  return all;
}

}  // namespace

Chunks plan_chunks(std::span<const uint64_t> costs, size_t queries, uint64_t budget) {
  const auto middle = costs.begin() + static_cast<std::ptrdiff_t>(queries);
  const uint64_t of_queries = std::accumulate(costs.begin(), middle, uint64_t{0});
  const uint64_t of_pages = std::accumulate(middle, costs.end(), uint64_t{0});
  if (of_queries + of_pages <= budget + std::min(budget, of_queries)) {
    return {places(costs.size())};
  }
  std::vector<size_t> order = places(costs.size());
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return costs[a] > costs[b]; });
  Chunks chunks;
  std::vector<uint64_t> sums;
  for (const size_t place : order) {
    const auto with_room = std::find_if(sums.begin(), sums.end(),
                                        [&](uint64_t sum) { return sum + costs[place] <= budget; });
    const size_t chunk = static_cast<size_t>(with_room - sums.begin());
    if (with_room == sums.end()) {
      chunks.emplace_back();
      sums.push_back(0);
    }
    chunks[chunk].push_back(place);
    sums[chunk] += costs[place];
  }
  for (std::vector<size_t>& chunk : chunks) std::sort(chunk.begin(), chunk.end());
  return chunks;
}

Chunks plan_chunks(const ModelConfig& config, bool vision_trained,
                   std::span<const Sequence> sequences, size_t queries, uint64_t budget) {
  std::vector<uint64_t> costs;
  for (const Sequence& sequence : sequences) {
    costs.push_back(activation_bytes(config, std::ssize(sequence.input->ids),
                                     sequence.input->view_count(), vision_trained));
  }
  return plan_chunks(costs, queries, budget);
}

}  // namespace recto
