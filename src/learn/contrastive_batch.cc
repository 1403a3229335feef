#include "learn/contrastive_batch.h"

#include <unordered_map>

namespace recto {
namespace {

torch::Tensor index_tensor(const std::vector<size_t>& items, size_t offset) {
  std::vector<int64_t> indices;
  for (const size_t item : items) indices.push_back(static_cast<int64_t>(item + offset));
  return torch::tensor(indices, torch::kInt64);
}

}  // namespace

ContrastiveBatch make_batch(const TrainingData& data, const std::vector<size_t>& pairs,
                            const NegativeLists& negatives) {
  ContrastiveBatch batch;
  std::unordered_map<size_t, size_t> places;
  const auto place = [&](size_t page) {
    const auto [entry, added] = places.emplace(page, batch.pages.size());
    if (added) batch.pages.push_back(page);
    return entry->second;
  };
  for (const size_t pair : pairs) {
    batch.queries.push_back(data.pairs[pair].query);
    batch.positives.push_back(place(data.pairs[pair].page));
  }
  for (size_t i = 0; i < pairs.size(); ++i) {
    for (const size_t page : negatives[i]) {
      batch.negatives.push_back(place(page));
      batch.owners.push_back(i);
    }
  }
  return batch;
}

std::vector<size_t> ContrastiveBatch::documents() const {
  std::vector<size_t> columns;
  for (const size_t place : positives) columns.push_back(pages[place]);
  for (const size_t place : negatives) columns.push_back(pages[place]);
  return columns;
}

void set_vectors(LossInput& input, const torch::Tensor& vectors, const ContrastiveBatch& batch) {
  const size_t pairs = batch.queries.size();
  const auto rows = [&](const std::vector<size_t>& places) {
    return vectors.index_select(0, index_tensor(places, pairs).to(vectors.device()));
  };
  input.queries = vectors.narrow(0, 0, static_cast<int64_t>(pairs));
  input.positives = rows(batch.positives);
  if (!batch.negatives.empty()) {
    input.negatives = rows(batch.negatives);
    input.negative_rows = index_tensor(batch.owners, 0).to(vectors.device());
  }
}

}  // namespace recto
