#pragma once
// What is compared on a task: the vectors of a model, words (BM25), and chance.

#include <map>
#include <string>

#include "base/matrix.h"
#include "eval/task.h"

namespace recto {

struct SystemResult {
  std::string name;         ///< "model", "bm25", "random"
  std::string description;  ///< with its parameters
  Run run;                  ///< empty for "random"
  std::map<std::string, MetricValues> per_query;
  MetricValues mean;
};

/// How many pages a run keeps for each query: the largest cutoff of the metrics.
inline constexpr int kRunDepth = kCutoffs.back();

/// Ranks by dot product. `pages` [task.page_ids, d] and `queries` [task.queries, d] are in the
/// task's order.
SystemResult rank_vectors(const RetrievalTask& task, const Matrix& pages, const Matrix& queries,
                          int threads);

/// Ranks the pages' texts by BM25 (search/bm25.h); a query without a common word finds nothing and
/// counts as 0.
SystemResult rank_bm25(const RetrievalTask& task);

/// The expected metrics of a random order (exact, no draw).
SystemResult rank_random(const RetrievalTask& task);

}  // namespace recto
