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
std::span<const T> group_of(std::span<const T> items, size_t group, size_t size) {
  const size_t first = group * size;
  return items.subspan(first, std::min(size, items.size() - first));
}

size_t groups_of(size_t items, size_t size) { return (items + size - 1) / size; }

/// The start of a list of vectors: none.
std::vector<torch::Tensor> no_vectors(RetrieverModel& model) {
  return {torch::zeros({0, model->vector_width()})};
}

}  // namespace

torch::Tensor page_vectors(RetrieverModel& model, const std::vector<TrainingData::Page>& pages,
                           const PageSource& source, int threads, const std::string& label,
                           ProcessGroup& group) {
  const torch::NoGradGuard no_grad;
  const auto own = part_of(pages, group.share(pages.size()));
  Prefetcher<std::vector<PreparedPage>> prepared(
      groups_of(own.size(), kPagesAtOnce), 2, [&](size_t some) {
        return source.prepare(requests(group_of(own, some, kPagesAtOnce)), threads);
      });
  std::vector<torch::Tensor> vectors = no_vectors(model);
  Progress progress(label, own.size());
  while (auto ready = prepared.next()) {
    throw_if_interrupted();
    source.complete(*ready);
    std::vector<Sequence> sequences;
    for (const PreparedPage& page : *ready) {
      sequences.push_back(page.sequence());
    }
    vectors.push_back(model->forward(sequences).to(torch::kCPU));
    progress.advance(ready->size());
  }
  return group.gather(torch::cat(vectors, 0), pages.size());
}

torch::Tensor query_vectors(RetrieverModel& model, const std::vector<TrainingData::Query>& queries,
                            const InputBuilder& builder, ProcessGroup& group) {
  const torch::NoGradGuard no_grad;
  const auto own = part_of(queries, group.share(queries.size()));
  std::vector<torch::Tensor> vectors = no_vectors(model);
  for (size_t some = 0; some < groups_of(own.size(), kQueriesAtOnce); ++some) {
    throw_if_interrupted();
    std::vector<ModelInput> inputs;
    for (const TrainingData::Query& query : group_of(own, some, kQueriesAtOnce)) {
      inputs.push_back(builder.query(query.text));
    }
    std::vector<Sequence> sequences;
    for (const ModelInput& input : inputs) sequences.push_back({&input, {}, 0});
    vectors.push_back(model->forward(sequences).to(torch::kCPU));
  }
  return group.gather(torch::cat(vectors, 0), queries.size());
}

}  // namespace recto
