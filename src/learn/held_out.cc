#include "learn/held_out.h"

#include "base/log.h"
#include "eval/metrics.h"
#include "learn/data_vectors.h"

namespace recto {

Json HeldOutResult::to_json() const {
  return {{"ndcg_at_5", ndcg_at_5},
          {"ndcg_at_10", ndcg_at_10},
          {"hit_rate_at_1", hit_rate_at_1},
          {"queries", queries},
          {"pages", pages}};
}

HeldOutResult HeldOutResult::from_json(const Json& json, const std::string& where) {
  return {json_required<double>(json, "ndcg_at_5", where),
          json_required<double>(json, "ndcg_at_10", where),
          json_required<double>(json, "hit_rate_at_1", where),
          json_required<int64_t>(json, "queries", where),
          json_required<int64_t>(json, "pages", where)};
}

void warn_when_worse(const HeldOutResult& before, const HeldOutResult& after) {
  if (after.ndcg_at_10 >= before.ndcg_at_10) return;
  log_warning(
      "on the {} held-out queries the model is worse than the one the training began with (nDCG@10 "
      "{:.4f}, before {:.4f}); lower --lr, take more data, or keep the best state (--eval-every, "
      "--keep-best)",
      after.queries, after.ndcg_at_10, before.ndcg_at_10);
}

HeldOutResult measure_held_out(RetrieverModel& model, const InputBuilder& builder,
                               const TrainingData& data, const PageSource& source, int threads,
                               ProcessGroup& group) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor pages =
      page_vectors(model, data.pages, source, threads, "held-out pages", group);
  const torch::Tensor queries = query_vectors(model, data.queries, builder, group);
  const torch::Tensor scores = queries.mm(pages.t()).nan_to_num(-2).contiguous();
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
  // Machines may differ in the last bit of a score, but what is done next must not.
  return {group.broadcast(mean.at("ndcg_at_5")), group.broadcast(mean.at("ndcg_at_10")),
          group.broadcast(mean.at("hit_rate_at_1")), static_cast<int64_t>(data.queries.size()),
          static_cast<int64_t>(data.pages.size())};
}

}  // namespace recto
