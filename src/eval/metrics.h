#pragma once
// Retrieval metrics as pytrec_eval (trec_eval) computes them, under mteb's names.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "search/bm25.h"

namespace recto {

/// Grades of documents for one query; relevant is a grade above 0.
using Judgements = std::map<std::string, int>;
/// By query id.
using Qrels = std::map<std::string, Judgements>;
/// Found documents by query id. The order of the list means nothing: scores decide.
using Run = std::map<std::string, std::vector<ScoredId>>;

/// Values of metrics by name.
using MetricValues = std::map<std::string, double>;

inline constexpr std::array<int, 7> kCutoffs = {1, 3, 5, 10, 20, 50, 100};

/// Document ids best first: score descending, ties by id descending (UTF-8 bytes). Scores are
/// compared as fp32, as trec_eval holds them: two that differ by less are a tie. What every metric
/// of a run is computed on.
std::vector<std::string> ranked_ids(const std::vector<ScoredId>& hits);

/// For one query, at each k of kCutoffs. g(i) is the grade of the document at rank i (0 when it is
/// not judged, below 0 counts as 0), R the number of relevant documents:
///   ndcg_at_k       sum_{i<=k} g(i) / log2(i + 1), over the same sum for the best order
///   ndcg_exp_at_k   the same with 2^g - 1 for g
///   recall_at_k     relevant among the first k / R
///   precision_at_k  relevant among the first k / k
///   map_at_k        sum over relevant ranks i <= k of precision_at_i, / R
///   mrr_at_k        1 / rank of the first relevant one, 0 when it is beyond k
///   hit_rate_at_k   1 when there is a relevant one among the first k
/// All are 0 for a query without a relevant document.
MetricValues query_metrics(const Judgements& judgements, const std::vector<std::string>& ranking);

/// One of these metrics, for many orders of one query's documents.
class QueryMetric {
 public:
  /// `name` as in query_metrics(). Throws Error(kUsage) for another, naming those that there are.
  QueryMetric(const Judgements& judgements, const std::string& name);
  ~QueryMetric();
  QueryMetric(const QueryMetric&) = delete;
  QueryMetric& operator=(const QueryMetric&) = delete;

  int cutoff() const { return cutoff_; }
  /// Of an order whose first documents have these grades; those behind them have 0.
  double of_grades(const std::vector<int>& grades) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  int cutoff_ = 0;
};

/// Throws Error(kUsage) for a name that is none of query_metrics(), naming the nearest and all.
void check_metric_name(const std::string& name);

/// Expected values of the same metrics when `documents` documents, those of `judgements` among
/// them, stand in a random order: the exact mean over all orders, not a draw. Those of `absent` are
/// judged, too, and never found.
MetricValues random_order_metrics(const Judgements& judgements, int64_t documents,
                                  const Judgements& absent = {});

/// Metrics of every query that is both in `qrels` and in `run`; others are not scored.
std::map<std::string, MetricValues> run_metrics(const Qrels& qrels, const Run& run);

/// The value called `name`, 0 when there is none.
double metric_value(const MetricValues& values, const std::string& name);

/// "ndcg_at_5" as people write it: "nDCG@5".
std::string metric_title(const std::string& name);

/// Mean over queries of each metric; empty without queries.
MetricValues mean_metrics(const std::map<std::string, MetricValues>& per_query);

}  // namespace recto
