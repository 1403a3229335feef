#include "eval/systems.h"

#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "search/bm25.h"
#include "search/exact.h"

namespace recto {

namespace {

SystemResult score(const RetrievalTask& task, std::string name, std::string description, Run run) {
  SystemResult result;
  result.name = std::move(name);
  result.description = std::move(description);
  result.per_query = run_metrics(task.qrels, run);
  result.mean = mean_metrics(result.per_query);
  result.run = std::move(run);
  return result;
}

}  // namespace

SystemResult rank_vectors(const RetrievalTask& task, const Matrix& pages, const Matrix& queries,
                          int threads) {
  RECTO_CHECK(pages.rows == std::ssize(task.page_ids) && queries.rows == std::ssize(task.queries));
  const ExactSearch search(task.page_ids, pages.values.data(), pages.columns);
  const auto found = search.search(queries, kRunDepth, threads);
  Run run;
  for (size_t q = 0; q < found.size(); ++q) {
    auto& hits = run[task.queries[q].query_id];
    for (const Neighbour& hit : found[q]) {
      hits.push_back({task.page_ids[hit.row], double{hit.score}});
    }
  }
  return score(task, "model", fmt::format("dot product of {} dimensions", pages.columns),
               std::move(run));
}

SystemResult rank_bm25(const RetrievalTask& task) {
  Bm25Index index;
  index.add(task.page_ids, task.page_texts);
  Run run;
  for (const QueryRow& query : task.queries) {
    throw_if_interrupted();
    run[query.query_id] = index.search(query.query, kRunDepth);
  }
  return score(task, "bm25",
               fmt::format("BM25 of the text layer, SQLite FTS5 unicode61 without diacritics, k1 = "
                           "{}, b = {}",
                           Bm25Index::kK1, Bm25Index::kB),
               std::move(run));
}

SystemResult rank_random(const RetrievalTask& task) {
  SystemResult result;
  result.name = "random";
  result.description = "expected value over all orders of the pages";
  for (const auto& [query, judgements] : task.qrels) {
    result.per_query[query] = random_order_metrics(judgements, std::ssize(task.page_ids));
  }
  result.mean = mean_metrics(result.per_query);
  return result;
}

}  // namespace recto
