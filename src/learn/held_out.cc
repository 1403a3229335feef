#include "learn/held_out.h"

#include <algorithm>

#include "base/interrupt.h"
#include "base/progress.h"
#include "eval/metrics.h"
#include "learn/prefetch.h"

namespace recto {
namespace {

constexpr size_t kPagesAtOnce = 8;
constexpr size_t kQueriesAtOnce = 64;

std::vector<PageRequest> slice(const std::vector<TrainingData::Page>& pages, size_t first) {
  return requests(std::span(pages).subspan(first, std::min(kPagesAtOnce, pages.size() - first)));
}

torch::Tensor page_vectors(RetrieverModel& model, const TrainingData& data,
                           const PageSource& source, int threads) {
  const size_t groups = (data.pages.size() + kPagesAtOnce - 1) / kPagesAtOnce;
  Prefetcher<std::vector<PreparedPage>> prepared(groups, 2, [&](size_t group) {
    return source.prepare(slice(data.pages, group * kPagesAtOnce), threads);
  });
  std::vector<torch::Tensor> vectors;
  Progress progress("held-out pages", data.pages.size());
  while (auto pages = prepared.next()) {
    throw_if_interrupted();
    source.complete(*pages);
    std::vector<Sequence> sequences;
    for (const PreparedPage& page : *pages) sequences.push_back({&page.input, page.features, 0});
    vectors.push_back(model->forward(sequences).to(torch::kCPU));
    progress.advance(pages->size());
  }
  return torch::cat(vectors, 0);
}

torch::Tensor query_vectors(RetrieverModel& model, const InputBuilder& builder,
                            const TrainingData& data) {
  std::vector<torch::Tensor> vectors;
  for (size_t first = 0; first < data.queries.size(); first += kQueriesAtOnce) {
    throw_if_interrupted();
    std::vector<ModelInput> inputs;
    for (size_t q = first; q < std::min(data.queries.size(), first + kQueriesAtOnce); ++q) {
      inputs.push_back(builder.query(data.queries[q].text));
    }
    std::vector<Sequence> sequences;
    for (const ModelInput& input : inputs) sequences.push_back({&input, {}, 0});
    vectors.push_back(model->forward(sequences).to(torch::kCPU));
  }
  return torch::cat(vectors, 0);
}

}  // namespace

Json HeldOutResult::to_json() const {
  return {{"ndcg_at_5", ndcg_at_5},
          {"hit_rate_at_1", hit_rate_at_1},
          {"queries", queries},
          {"pages", pages}};
}

HeldOutResult HeldOutResult::from_json(const Json& json, const std::string& where) {
  return {json_required<double>(json, "ndcg_at_5", where),
          json_required<double>(json, "hit_rate_at_1", where),
          json_required<int64_t>(json, "queries", where),
          json_required<int64_t>(json, "pages", where)};
}

HeldOutResult measure_held_out(RetrieverModel& model, const InputBuilder& builder,
                               const TrainingData& data, const PageSource& source, int threads) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor pages = page_vectors(model, data, source, threads);
  const torch::Tensor scores =
      query_vectors(model, builder, data).mm(pages.t()).nan_to_num(-2).contiguous();
  Qrels qrels;
  Run run;
  for (size_t q = 0; q < data.queries.size(); ++q) {
    const TrainingData::Query& query = data.queries[q];
    const float* row = scores.data_ptr<float>() + q * data.pages.size();
    const std::string id = fmt::format("{}:{}", query.source, query.id);
    for (const size_t page : query.positives) qrels[id][data.pages[page].key()] = 1;
    for (size_t p = 0; p < data.pages.size(); ++p) run[id].push_back({data.pages[p].key(), row[p]});
  }
  const MetricValues mean = mean_metrics(run_metrics(qrels, run));
  return {mean.at("ndcg_at_5"), mean.at("hit_rate_at_1"), static_cast<int64_t>(data.queries.size()),
          static_cast<int64_t>(data.pages.size())};
}

}  // namespace recto
