#pragma once
// A whole evaluation: which systems on which tasks, and what came of it.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/cpu_embedder.h"
#include "eval/embeddings_endpoint.h"
#include "eval/evaluate.h"
#include "eval/report.h"
#include "model/model_directory.h"

namespace recto {

/// A run file of somebody else's, and what to call it.
struct NamedRun {
  std::string name;
  std::filesystem::path path;
};

/// Tables of vectors of somebody else's (docs/formats/embeddings.md): pages by their ids, queries
/// by theirs. One file may hold both.
struct NamedVectors {
  std::string name;
  std::filesystem::path pages, queries;
};

/// A model as it is opened for one longest edge.
struct EvaluatedModel {
  std::string name;
  std::shared_ptr<const ModelDirectory> model;
};

struct EvaluationPlan {
  /// Datasets, or directories and files in a layout that data/dataset_import.h reads.
  std::vector<std::filesystem::path> data;
  std::string split = "test";
  std::vector<std::string> kinds;  ///< a task for the queries of each; empty: one of all queries
  std::filesystem::path qrels;     ///< judgements in place of `data`

  std::vector<EvaluatedModel> models;
  /// Directory of a feature store that what is constant of pages is read from and added to, and
  /// the type they are kept in, by which they are rounded; empty: none.
  std::filesystem::path feature_store;
  DType feature_dtype = DType::kF32;
  EngineOptions engine;
  EvalOptions options;
  std::vector<NamedVectors> vectors;
  std::optional<EmbeddingsEndpoint> endpoint;
  std::vector<NamedRun> runs;
  /// Options that somebody set and that are about pictures ("--longest-edges"): an error with data
  /// that has none.
  std::vector<std::string> picture_options;
  std::vector<Bm25Parameters> bm25 = {Bm25Parameters()};  ///< not with `qrels`

  std::vector<std::filesystem::path> training;  ///< datasets the systems were trained on
  std::string main_metric = kMainMetric;
  bool language_subsets = false;
  Resampling resampling;
};

/// A report for each task, p values corrected over all of them.
class Evaluation {
 public:
  /// Throws Error(kUsage) for a plan that names no task or no system, or the same name twice, and
  /// what reading data, runs and tables throws.
  explicit Evaluation(const EvaluationPlan& plan);
  ~Evaluation();
  Evaluation(const Evaluation&) = delete;
  Evaluation& operator=(const Evaluation&) = delete;

  const std::vector<EvalReport>& reports() const { return reports_; }
  /// write_report() of the one task, write_reports() of several.
  void write(const std::filesystem::path& directory) const;

 private:
  struct Source;  // an opened dataset and what it lies in
  std::vector<EvalReport> reports_;
  std::vector<std::shared_ptr<const Source>> sources_;  ///< of each report, null for judgements
};

/// "NAME=PATH", or a path that is called by its name without its ending.
NamedRun parse_named_run(const std::string& text);

/// "NAME=PAGES" or "NAME=PAGES,QUERIES". Throws Error(kUsage).
NamedVectors parse_named_vectors(const std::string& text);

/// "K1,B". Throws Error(kUsage) for anything else, and for numbers that cannot be meant.
Bm25Parameters parse_bm25(const std::string& text);

}  // namespace recto
