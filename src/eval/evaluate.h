#pragma once
// A model measured on a dataset, beside BM25 and chance.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/table.h"
#include "eval/systems.h"
#include "eval/task.h"
#include "model/embedder.h"

namespace recto {

struct EvalOptions {
  int dimensions = 0;           ///< of the contract's declared ones; 0 means the full width
  int threads = 1;              ///< for ranking; the embedder has its own
  int64_t batch_tokens = 4096;  ///< most token ids in one call of the model
};

struct EvalReport {
  RetrievalTask task;
  std::vector<SystemResult> systems;  ///< model (unless only baselines), bm25, random
  std::string model;                  ///< directory; empty for baselines alone
  std::string contract;               ///< hash
  int dimensions = 0;
  double page_seconds = 0;   ///< to embed all pages
  double query_seconds = 0;  ///< to embed all queries

  /// Throws Error(kNotFound).
  const SystemResult& system(const std::string& name) const;
};

/// Vectors of all pages of a split at full width, in the dataset's order. The next pages are
/// decoded and cut to views in a thread of their own while the model works.
Embeddings embed_pages(const Dataset& dataset, const std::string& split, Embedder& embedder,
                       const EvalOptions& options);

/// Vectors of the task's queries at full width, in the task's order.
Matrix embed_queries(const RetrievalTask& task, Embedder& embedder, const EvalOptions& options);

/// All three systems on one split. `pages`, when given, are the vectors embed_pages made before
/// with this model: Error(kMismatch) when their contract or their ids are others. Throws what
/// load_task and the embedder throw.
EvalReport evaluate_retrieval(const Dataset& dataset, const std::string& split, Embedder& embedder,
                              const EvalOptions& options, const Embeddings* pages = nullptr);

/// BM25 and chance alone.
EvalReport evaluate_baselines(const Dataset& dataset, const std::string& split);

}  // namespace recto
