#pragma once
// A task with all that was measured on it, and the systems whose vectors a model makes.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/table.h"
#include "engine/known_pages.h"
#include "eval/comparison.h"
#include "eval/contamination.h"
#include "eval/stored_precision.h"
#include "eval/systems.h"
#include "eval/task.h"
#include "model/embedder.h"

namespace recto {

/// The metric a comparison is read by (ViDoRe's for versions 1 and 2; version 3 has ndcg_at_10).
inline constexpr const char* kMainMetric = "ndcg_at_5";

struct EvalOptions {
  std::vector<int> dimensions;  ///< of the contract's declared ones; empty means the full width
  std::vector<StoredPrecision> stored = {StoredPrecision::kFp32};
  int threads = 1;              ///< for ranking; the embedder has its own
  int64_t batch_tokens = 4096;  ///< most token ids in one call of the model
};

struct EvalReport {
  RetrievalTask task;
  std::vector<SystemResult> systems;  ///< what is evaluated first, then what it is compared with
  std::string main_metric = kMainMetric;
  bool language_subsets = false;  ///< results.json has a subset for each language
  bool has_no_words = false;      ///< BM25 is left out: no page has a text
  std::string model;              ///< directory; empty without a model
  std::string contract;           ///< hash of the first model's
  int dimensions = 0;             ///< of the first system with vectors
  double page_seconds = 0;        ///< to embed all pages, first model
  double query_seconds = 0;       ///< to embed all queries, first model
  int64_t peak_memory_bytes = 0;  ///< of the process until its systems were compared
  Resampling resampling;
  std::vector<PairComparison> comparisons;  ///< of every pair of systems, on the main metric
  std::optional<Contamination> contamination;

  /// Throws Error(kNotFound).
  const SystemResult& system(const std::string& name) const;
  /// What the first system is looked at beside: the next that is no other length or precision of
  /// it, with pages that were found; else the second one, null without.
  const SystemResult* rival() const;
};

/// Vectors of all pages of a split at full width, in the dataset's order. The next pages are
/// decoded and cut to views in a thread of their own while the model works. A page without a
/// picture is embedded as the passage of its text; without that, too, its vector is 0.
/// `known_pages` is null, or as in EmbedOptions.
Embeddings embed_pages(const Dataset& dataset, const std::string& split, Embedder& embedder,
                       const EvalOptions& options, KnownPages* known_pages = nullptr);

/// Vectors of the task's queries at full width, in the task's order.
Matrix embed_queries(const RetrievalTask& task, Embedder& embedder, const EvalOptions& options);

/// Page vectors of a model and what they took.
struct EmbeddedPages {
  Embeddings pages;
  double seconds = 0;  ///< 0 when not known: of a part more than the picture was known before
  std::string remark;  ///< behind the descriptions of the systems, such as ", rounded"
};

/// What add_model() (with `sparse`: of a model with a sparse output) and add_vectors() call the
/// systems they add.
std::vector<std::string> system_names(const std::string& name, const EvalOptions& options,
                                      bool sparse);

/// One system for each length and stored precision, behind those that are there: "NAME" for the
/// first, then "NAME-d256", "NAME-int8", "NAME-d256-int8"; and for page vectors with sparse ones
/// "NAME-sparse", "NAME-fused" and "NAME-added", with the dense ones of the first
/// (eval/sparse_systems.h). Throws Error(kMismatch) when the page vectors are those of another
/// contract or set of pages, Error(kUsage) for a length that the contract does not declare.
void add_model(EvalReport& report, Embedder& embedder, const EmbeddedPages& pages,
               const EvalOptions& options, const std::string& name = "model");

/// The same for vectors of other models: any prefix is a length. `pages` and `queries` are in the
/// task's order and have the length 1. Throws Error(kMismatch) when they differ in width,
/// Error(kUsage) for a length beyond it.
void add_vectors(EvalReport& report, const Matrix& pages, const Matrix& queries,
                 const EvalOptions& options, const std::string& name);

/// Throws what add_vectors() would.
void check_vectors(const Matrix& pages, const Matrix& queries, const EvalOptions& options,
                   const std::string& name);

/// Adds BM25 of each parameters, unless no page has a text, and chance.
void add_baselines(EvalReport& report, const std::vector<Bm25Parameters>& parameters);

/// What a system costs; 0 when it is not known.
double pages_per_second(const EvalReport& report, const SystemResult& result);
double seconds_per_query(const EvalReport& report, const SystemResult& result);

/// Gives every mean its interval, and compares every pair of the systems on the main metric. Notes
/// the memory that was used until then.
void compare_systems(EvalReport& report);

/// A model, BM25 and chance on one split, compared. `pages`, when given, are the vectors
/// embed_pages made before with this model. Throws what load_task, add_model and the embedder
/// throw.
EvalReport evaluate_retrieval(const Dataset& dataset, const std::string& split, Embedder& embedder,
                              const EvalOptions& options, const Embeddings* pages = nullptr);

/// BM25 and chance alone.
EvalReport evaluate_baselines(const Dataset& dataset, const std::string& split);

}  // namespace recto
