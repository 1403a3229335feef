#include "eval/evaluate.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "base/cpu.h"
#include "base/error.h"
#include "base/file.h"
#include "base/stopwatch.h"
#include "engine/embed_pipeline.h"
#include "eval/bootstrap_table.h"
#include "eval/chance.h"
#include "eval/sparse_systems.h"
#include "model/unicode_class.h"

namespace recto {

namespace {

EmbedOptions pipeline_options(const Embedder& embedder, const EvalOptions& options,
                              std::string label, uint64_t expected) {
  EmbedOptions pipeline;
  pipeline.batch_tokens = options.batch_tokens;
  pipeline.sparse = embedder.model().contract().sparse.has_value();
  pipeline.label = std::move(label);
  pipeline.expected = expected;
  return pipeline;
}

/// Embeds what `source` gives, rows in order.
Embeddings embed(Embedder& embedder, const EmbedSource& source, const EmbedOptions& pipeline) {
  Embeddings out;
  out.contract = embedder.model().contract().hash();
  embed_all(embedder, source, pipeline, [&](const EmbeddedRow& row) {
    out.ids.push_back(row.id);
    out.vectors.columns = std::ssize(row.vector);
    out.vectors.values.insert(out.vectors.values.end(), row.vector.begin(), row.vector.end());
    ++out.vectors.rows;
    if (row.sparse != nullptr) out.sparse.push_back(*row.sparse);
  });
  return out;
}

/// `found` with a row of zeros for each of `ids` that it does not have; both are in one order.
Embeddings with_zero_rows(const Embeddings& found, std::vector<std::string>&& ids,
                          int64_t columns) {
  Embeddings out;
  out.contract = found.contract;
  out.vectors = Matrix(std::ssize(ids), columns);
  int64_t next = 0;
  for (size_t i = 0; i < ids.size() && next < found.vectors.rows; ++i) {
    if (found.ids[next] != ids[i]) continue;
    const auto from = found.vectors.row(next++);
    std::copy(from.begin(), from.end(), out.vectors.row(static_cast<int64_t>(i)).begin());
  }
  out.ids = std::move(ids);
  return out;
}

void check_reused(const Embeddings& pages, const RetrievalTask& task, const Contract& contract) {
  if (pages.contract != contract.hash()) {
    fail(ErrorCode::kMismatch,
         "the page vectors were made under the contract {}, the model is used under {}",
         pages.contract, contract.hash());
  }
  if (pages.ids != task.page_ids) {
    fail(ErrorCode::kMismatch, "the page vectors are not those of the pages of {}, split {}",
         task.name, task.split);
  }
}

void check_length(const Matrix& vectors, int length, const std::string& name) {
  if (length >= 1 && length <= vectors.columns) return;
  fail(ErrorCode::kUsage, "{}: {} dimensions are wanted of vectors that have {}", name, length,
       vectors.columns);
}

/// The first `length` columns, at length 1 again.
Matrix prefix(const Matrix& vectors, int length, const std::string& name) {
  check_length(vectors, length, name);
  Matrix out(vectors.rows, length);
  for (int64_t i = 0; i < vectors.rows; ++i) {
    const auto from = vectors.row(i);
    float squares = 0;
    for (int k = 0; k < length; ++k) squares += from[k] * from[k];
    const float scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
    for (int k = 0; k < length; ++k) out.row(i)[k] = from[k] * scale;
  }
  return out;
}

/// `length`: 0 for the first one.
std::string variant_name(const std::string& name, int length, StoredPrecision stored,
                         const EvalOptions& options) {
  std::string called = name;
  if (length != 0) called += fmt::format("-d{}", length);
  if (stored != options.stored.front()) {
    called += fmt::format("-{}", stored_precision_name(stored));
  }
  return called;
}

using Vectors = std::function<Matrix(int length)>;

/// A system for each length and stored precision.
void add_variants(EvalReport& report, const std::vector<int>& lengths, const EvalOptions& options,
                  const std::string& name, SystemCost cost, const Vectors& pages,
                  const Vectors& queries) {
  for (const int length : lengths) {
    const Matrix full_pages = pages(length);
    const Matrix length_queries = queries(length);
    for (const StoredPrecision stored : options.stored) {
      const std::string called =
          variant_name(name, length == lengths.front() ? 0 : length, stored, options);
      const bool whole = stored == StoredPrecision::kFp32;
      SystemResult result = rank_vectors(
          report.task, whole ? full_pages : as_stored(full_pages, stored), length_queries,
          options.threads, called,
          whole ? "" : fmt::format(", pages stored as {}", stored_precision_name(stored)));
      result.cost = {cost.page_seconds, cost.query_seconds + result.cost.query_seconds,
                     stored_bytes(length, stored)};
      result.family = name;
      result.dimensions = length;
      result.stored = stored_precision_name(stored);
      report.systems.push_back(std::move(result));
    }
  }
}

}  // namespace

const SystemResult& EvalReport::system(const std::string& name) const {
  for (const SystemResult& result : systems) {
    if (result.name == name) return result;
  }
  fail(ErrorCode::kNotFound, "no system \"{}\" was evaluated", name);
}

const SystemResult* EvalReport::rival() const {
  for (size_t i = 1; i < systems.size(); ++i) {
    const bool variant = !systems[i].family.empty() && systems[i].family == systems[0].family;
    if (!variant && !systems[i].run.empty()) return &systems[i];
  }
  return systems.size() > 1 ? &systems[1] : nullptr;
}

Embeddings embed_pages(const Dataset& dataset, const std::string& split, Embedder& embedder,
                       const EvalOptions& options, KnownPages* known_pages) {
  const auto source = [&](EmbedIntake& intake) {
    dataset.for_each_page(split, [&](PageRow&& page) {
      EmbedItem item;
      item.where = fmt::format("{}, page {}", dataset.path().string(), page.page_id);
      item.id = std::move(page.page_id);
      if (!page.image.empty()) {
        item.trusted_image = std::move(page.image);
      } else if (is_blank(page.text)) {
        return;
      } else {
        item.passage = std::move(page.text);
      }
      intake.add(std::move(item));
    });
  };
  std::vector<std::string> ids;
  for (PageRow& page : dataset.pages(split)) ids.push_back(std::move(page.page_id));
  EmbedOptions pipeline = pipeline_options(embedder, options, "pages", ids.size());
  pipeline.known_pages = known_pages;
  Embeddings found = embed(embedder, source, pipeline);
  if (std::ssize(ids) == found.vectors.rows) return found;
  return with_zero_rows(found, std::move(ids), embedder.model().contract().dimensions.front());
}

Matrix embed_queries(const RetrievalTask& task, Embedder& embedder, const EvalOptions& options) {
  const auto source = [&](EmbedIntake& intake) {
    for (const QueryRow& query : task.queries) {
      EmbedItem item;
      item.id = query.query_id;
      item.query = query.query;
      item.where = fmt::format("{}, query {}", task.name, query.query_id);
      intake.add(std::move(item));
    }
  };
  return embed(embedder, source,
               pipeline_options(embedder, options, "queries", task.queries.size()))
      .vectors;
}

std::vector<std::string> system_names(const std::string& name, const EvalOptions& options,
                                      bool sparse) {
  std::vector<int> lengths = options.dimensions;
  if (lengths.empty()) lengths.push_back(0);
  lengths.front() = 0;
  std::vector<std::string> names;
  for (const int length : lengths) {
    for (const StoredPrecision stored : options.stored) {
      names.push_back(variant_name(name, length, stored, options));
    }
  }
  if (sparse) {
    names.insert(names.end(), {name + kSparseEnding, name + kFusedEnding, name + kAddedEnding});
  }
  return names;
}

void add_model(EvalReport& report, Embedder& embedder, const EmbeddedPages& pages,
               const EvalOptions& options, const std::string& name) {
  const Contract& contract = embedder.model().contract();
  check_reused(pages.pages, report.task, contract);
  const Stopwatch start;
  const Matrix queries = embed_queries(report.task, embedder, options);
  const double query_seconds = start.seconds();
  std::vector<int> lengths = options.dimensions;
  if (lengths.empty()) lengths.push_back(contract.dimensions.front());
  if (report.model.empty()) {
    report.model = embedder.model().path().string();
    report.contract = contract.hash();
    report.dimensions = lengths.front();
    report.page_seconds = pages.seconds;
    report.query_seconds = query_seconds;
  }
  const size_t before = report.systems.size();
  add_variants(
      report, lengths, options, name, {pages.seconds, query_seconds, 0},
      [&](int length) { return truncate_dimensions(pages.pages.vectors, length, contract); },
      [&](int length) { return truncate_dimensions(queries, length, contract); });
  if (!pages.pages.sparse.empty()) {
    const Matrix dense_pages = truncate_dimensions(pages.pages.vectors, lengths.front(), contract);
    const Matrix dense_queries = truncate_dimensions(queries, lengths.front(), contract);
    for (SystemResult& result : rank_sparse(
             report.task, embedder.model().tokenizer(),
             {dense_pages, dense_queries, pages.pages.sparse, contract}, options.threads, name)) {
      const double indexing = result.cost.page_seconds;
      result.cost.page_seconds = pages.seconds > 0 ? pages.seconds + indexing : 0;
      if (!result.name.ends_with(kSparseEnding)) result.cost.query_seconds += query_seconds;
      result.family = name;
      report.systems.push_back(std::move(result));
    }
  }
  for (size_t i = before; i < report.systems.size(); ++i) {
    report.systems[i].description += pages.remark;
  }
}

void check_vectors(const Matrix& pages, const Matrix& queries, const EvalOptions& options,
                   const std::string& name) {
  if (pages.columns != queries.columns) {
    fail(ErrorCode::kMismatch, "{}: page vectors have {} dimensions and query vectors {}", name,
         pages.columns, queries.columns);
  }
  for (const int length : options.dimensions) check_length(pages, length, name);
}

void add_vectors(EvalReport& report, const Matrix& pages, const Matrix& queries,
                 const EvalOptions& options, const std::string& name) {
  check_vectors(pages, queries, options, name);
  std::vector<int> lengths = options.dimensions;
  if (lengths.empty()) lengths.push_back(static_cast<int>(pages.columns));
  if (report.dimensions == 0) report.dimensions = lengths.front();
  add_variants(
      report, lengths, options, name, {}, [&](int length) { return prefix(pages, length, name); },
      [&](int length) { return prefix(queries, length, name); });
}

void add_baselines(EvalReport& report, const std::vector<Bm25Parameters>& parameters) {
  report.has_no_words = !parameters.empty() && !report.task.has_page_texts();
  for (const Bm25Parameters& one : parameters) {
    if (!report.has_no_words) report.systems.push_back(rank_bm25(report.task, one));
  }
  report.systems.push_back(rank_random(report.task));
}

double pages_per_second(const EvalReport& report, const SystemResult& result) {
  const double seconds = result.cost.page_seconds;
  return seconds > 0 ? static_cast<double>(report.task.page_ids.size()) / seconds : 0;
}

double seconds_per_query(const EvalReport& report, const SystemResult& result) {
  return result.cost.query_seconds / static_cast<double>(report.task.queries.size());
}

void compare_systems(EvalReport& report) {
  const bool chance = std::any_of(report.systems.begin(), report.systems.end(),
                                  [](const SystemResult& one) { return one.is_chance; });
  std::vector<ScoredSystem> systems;
  for (SystemResult& result : report.systems) {
    result.intervals = metric_intervals(result.per_query, report.resampling);
    ScoredSystem one{result.name, &result.per_query, result.is_chance, {}};
    if (chance && !result.is_chance) {
      one.exchanged = exchanged_means(report.task.qrels, result.run, report.task.page_ids,
                                      report.main_metric, report.resampling);
    }
    systems.push_back(std::move(one));
  }
  report.comparisons =
      compare_pairs(report.task.name, report.main_metric, systems, report.resampling);
  report.peak_memory_bytes = static_cast<int64_t>(peak_memory_bytes());
}

EvalReport evaluate_baselines(const Dataset& dataset, const std::string& split) {
  EvalReport report;
  report.task = load_task(dataset, split);
  add_baselines(report, {Bm25Parameters()});
  compare_systems(report);
  return report;
}

EvalReport evaluate_retrieval(const Dataset& dataset, const std::string& split, Embedder& embedder,
                              const EvalOptions& options, const Embeddings* pages) {
  EvalReport report;
  report.task = load_task(dataset, split);
  EmbeddedPages embedded;
  if (pages != nullptr) {
    embedded.pages = *pages;
  } else {
    const Stopwatch start;
    embedded.pages = embed_pages(dataset, split, embedder, options);
    embedded.seconds = start.seconds();
  }
  add_model(report, embedder, embedded, options);
  add_baselines(report, {Bm25Parameters()});
  compare_systems(report);
  return report;
}

}  // namespace recto
