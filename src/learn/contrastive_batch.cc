#include "learn/contrastive_batch.h"

#include <algorithm>
#include <unordered_map>

namespace recto {
namespace {

torch::Tensor index_tensor(const std::vector<size_t>& items, size_t offset) {
  std::vector<int64_t> indices;
  for (const size_t item : items) indices.push_back(static_cast<int64_t>(item + offset));
  return torch::tensor(indices, torch::kInt64);
}

bool is_answer(const TrainingData& data, size_t query, size_t own, size_t page) {
  const std::vector<size_t>& positives = data.queries[query].positives;
  const std::string& group = data.pages[own].near_group;
  return page == own || std::find(positives.begin(), positives.end(), page) != positives.end() ||
         (!group.empty() && group == data.pages[page].near_group);
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

torch::Tensor false_negative_mask(const TrainingData& data, const ContrastiveBatch& batch) {
  const size_t pairs = batch.queries.size(), columns = pairs + batch.negatives.size();
  torch::Tensor mask =
      torch::zeros({static_cast<int64_t>(pairs), static_cast<int64_t>(columns)}, torch::kBool);
  bool* masked = mask.data_ptr<bool>();
  for (size_t i = 0; i < pairs; ++i) {
    const size_t query = batch.queries[i];
    const size_t own = batch.pages[batch.positives[i]];
    for (size_t j = 0; j < columns; ++j) {
      if (j == i) continue;
      const size_t place = j < pairs ? batch.positives[j] : batch.negatives[j - pairs];
      const bool same_text =
          j < pairs && data.queries[batch.queries[j]].text == data.queries[query].text;
      masked[i * columns + j] = same_text || is_answer(data, query, own, batch.pages[place]);
    }
  }
  return mask;
}

LossInput loss_input(const torch::Tensor& vectors, const TrainingData& data,
                     const ContrastiveBatch& batch, double temperature) {
  const size_t pairs = batch.queries.size();
  const auto rows = [&](const std::vector<size_t>& places) {
    return vectors.index_select(0, index_tensor(places, pairs).to(vectors.device()));
  };
  LossInput input;
  input.queries = vectors.narrow(0, 0, static_cast<int64_t>(pairs));
  input.positives = rows(batch.positives);
  if (!batch.negatives.empty()) {
    input.negatives = rows(batch.negatives);
    input.negative_rows = index_tensor(batch.owners, 0).to(vectors.device());
  }
  input.mask = false_negative_mask(data, batch).to(vectors.device());
  input.temperature = temperature;
  return input;
}

}  // namespace recto
