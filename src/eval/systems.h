#pragma once
// What is compared on a task: vectors, words (BM25), chance, and runs that others made.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/matrix.h"
#include "data/table.h"
#include "eval/significance.h"
#include "eval/task.h"
#include "eval/within_document.h"
#include "search/bm25.h"

namespace recto {

struct SystemCost {
  double page_seconds = 0;     ///< to make ready all pages
  double query_seconds = 0;    ///< for all queries
  int64_t bytes_per_page = 0;  ///< stored; 0 when not known
};

struct SystemResult {
  std::string name;         ///< "model", "bm25", "random", ...
  std::string description;  ///< with its parameters
  std::string family;       ///< name without length and stored precision; "" when the same
  int dimensions = 0;       ///< of its vectors; 0 without
  std::string stored;       ///< precision of its page vectors, "" without
  Run run;                  ///< empty for "random"
  /// Of every query of the task; one without a result has 0 everywhere.
  std::map<std::string, MetricValues> per_query;
  MetricValues mean;
  /// per_query holds expected values, which no order of pages has: eval/chance.h compares with it.
  bool is_chance = false;
  std::map<std::string, Interval> intervals;  ///< 95 %, of the means; empty until compared
  /// The second task (eval/within_document.h); empty where there is none.
  std::map<std::string, MetricValues> within_per_query;
  MetricValues within;
  int64_t queries_missing = 0;  ///< of a run from outside: counted as 0
  int64_t queries_unknown = 0;  ///< of a run from outside: not scored
  SystemCost cost;
};

/// How many pages a run keeps for each query: the largest cutoff of the metrics.
inline constexpr int kRunDepth = kCutoffs.back();

/// A run with its metrics: those of every query of the task, and with `within` those of the second
/// task (eval/within_document.h).
SystemResult score_run(const RetrievalTask& task, std::string name, std::string description,
                       Run run, const PageScores& within);

/// Ranks by dot product. `pages` [task.page_ids, d] and `queries` [task.queries, d] are in the
/// task's order.
SystemResult rank_vectors(const RetrievalTask& task, const Matrix& pages, const Matrix& queries,
                          int threads, const std::string& name = "model",
                          const std::string& remark = "");

/// "bm25", or with other than the usual parameters "bm25-k0.9-b0.4".
std::string bm25_name(const Bm25Parameters& parameters);

/// Ranks the pages' texts by BM25 (search/lexical_index.h); a query without a common word finds
/// nothing and counts as 0. Called bm25_name().
SystemResult rank_bm25(const RetrievalTask& task, const Bm25Parameters& parameters = {});

/// The expected metrics of a random order, exactly.
SystemResult rank_random(const RetrievalTask& task);

/// A run from outside. A page may be called by the task's id or, where each document is one page,
/// by the name of its file. Queries that the task does not have are left out and counted; those
/// that the run does not have count as 0. Throws Error(kMismatch) for a page that the task does not
/// have, and when it has none of the run's queries; Error(kBadInput) for a page under two names.
SystemResult rank_run(const RetrievalTask& task, const std::string& name, const Run& run);

/// The rows of `table` for what goes by any of `names` (the first that it has), in their order, at
/// length 1. Throws Error(kMismatch) naming the first that is missing, Error(kBadInput) for an id
/// that is there twice, a row that is not finite, or 0 everywhere.
Matrix rows_of_table(const Embeddings& table, const std::vector<std::vector<std::string>>& names,
                     const std::string& what);

/// Under which names a table may have the pages of a task, in their order: their ids, those behind
/// one of the task's prefixes and, where each document is one page, the names of files. Of one of
/// several corpora, whose ids may be those of other pages in another, only those with a prefix.
std::vector<std::vector<std::string>> page_names(const RetrievalTask& task);

/// The same for its queries: their ids.
std::vector<std::vector<std::string>> query_names(const RetrievalTask& task);

/// Names that stand for pages in runs, to page ids: those of files, where each document is one
/// page, and ids behind one of the task's prefixes.
std::map<std::string, std::string> page_aliases(const RetrievalTask& task);

}  // namespace recto
