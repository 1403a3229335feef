#include "learn/data_vectors.h"

#include <algorithm>
#include <span>

#include "base/interrupt.h"
#include "base/progress.h"
#include "learn/prefetch.h"

namespace recto {
namespace {

constexpr size_t kPagesAtOnce = 8;
constexpr size_t kQueriesAtOnce = 64;

template <typename T>
std::span<const T> group_of(const std::vector<T>& items, size_t group, size_t size) {
  const size_t first = group * size;
  return std::span(items).subspan(first, std::min(size, items.size() - first));
}

}  // namespace

torch::Tensor page_vectors(RetrieverModel& model, const std::vector<TrainingData::Page>& pages,
                           const PageSource& source, int threads, const std::string& label) {
  const torch::NoGradGuard no_grad;
  const size_t groups = (pages.size() + kPagesAtOnce - 1) / kPagesAtOnce;
  Prefetcher<std::vector<PreparedPage>> prepared(groups, 2, [&](size_t group) {
    return source.prepare(requests(group_of(pages, group, kPagesAtOnce)), threads);
  });
  std::vector<torch::Tensor> vectors;
  Progress progress(label, pages.size());
  while (auto ready = prepared.next()) {
    throw_if_interrupted();
    source.complete(*ready);
    std::vector<Sequence> sequences;
    for (const PreparedPage& page : *ready) sequences.push_back({&page.input, page.features, 0});
    vectors.push_back(model->forward(sequences).to(torch::kCPU));
    progress.advance(ready->size());
  }
  return torch::cat(vectors, 0);
}

torch::Tensor query_vectors(RetrieverModel& model, const std::vector<TrainingData::Query>& queries,
                            const InputBuilder& builder) {
  const torch::NoGradGuard no_grad;
  const size_t groups = (queries.size() + kQueriesAtOnce - 1) / kQueriesAtOnce;
  std::vector<torch::Tensor> vectors;
  for (size_t group = 0; group < groups; ++group) {
    throw_if_interrupted();
    std::vector<ModelInput> inputs;
    for (const TrainingData::Query& query : group_of(queries, group, kQueriesAtOnce)) {
      inputs.push_back(builder.query(query.text));
    }
    std::vector<Sequence> sequences;
    for (const ModelInput& input : inputs) sequences.push_back({&input, {}, 0});
    vectors.push_back(model->forward(sequences).to(torch::kCPU));
  }
  return torch::cat(vectors, 0);
}

}  // namespace recto
