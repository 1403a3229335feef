#include "eval/evaluate.h"

#include <chrono>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "engine/embed_pipeline.h"
#include "page/decode.h"

namespace recto {

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Embeds what `source` gives, rows in order.
Embeddings embed(Embedder& embedder, const EmbedSource& source, const EvalOptions& options,
                 std::string label, uint64_t expected) {
  EmbedOptions pipeline;
  pipeline.batch_tokens = options.batch_tokens;
  pipeline.label = std::move(label);
  pipeline.expected = expected;
  Embeddings out;
  out.contract = embedder.model().contract().hash();
  embed_all(embedder, source, pipeline, [&](const EmbeddedRow& row) {
    out.ids.push_back(row.id);
    out.vectors.columns = std::ssize(row.vector);
    out.vectors.values.insert(out.vectors.values.end(), row.vector.begin(), row.vector.end());
    ++out.vectors.rows;
  });
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

}  // namespace

const SystemResult& EvalReport::system(const std::string& name) const {
  for (const SystemResult& result : systems) {
    if (result.name == name) return result;
  }
  fail(ErrorCode::kNotFound, "no system \"{}\" was evaluated", name);
}

Embeddings embed_pages(const Dataset& dataset, const std::string& split, Embedder& embedder,
                       const EvalOptions& options) {
  const auto source = [&](EmbedIntake& intake) {
    dataset.for_each_page(split, [&](PageRow&& page) {
      EmbedItem item;
      item.where = fmt::format("{}, page {}", dataset.path().string(), page.page_id);
      item.decoded = decode_image(as_bytes(page.image), item.where);
      item.id = std::move(page.page_id);
      intake.add(std::move(item));
    });
  };
  const auto count = dataset.pages(split).size();
  return embed(embedder, source, options, "pages", count);
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
  return embed(embedder, source, options, "queries", task.queries.size()).vectors;
}

EvalReport evaluate_baselines(const Dataset& dataset, const std::string& split) {
  EvalReport report;
  report.task = load_task(dataset, split);
  report.systems.push_back(rank_bm25(report.task));
  report.systems.push_back(rank_random(report.task));
  return report;
}

EvalReport evaluate_retrieval(const Dataset& dataset, const std::string& split, Embedder& embedder,
                              const EvalOptions& options, const Embeddings* pages) {
  EvalReport report = evaluate_baselines(dataset, split);
  const Contract& contract = embedder.model().contract();
  report.model = embedder.model().path().string();
  report.contract = contract.hash();
  report.dimensions = options.dimensions == 0 ? contract.dimensions.front() : options.dimensions;

  auto start = std::chrono::steady_clock::now();
  Embeddings made;
  if (pages == nullptr) {
    made = embed_pages(dataset, split, embedder, options);
    pages = &made;
    report.page_seconds = seconds_since(start);
  }
  check_reused(*pages, report.task, contract);
  start = std::chrono::steady_clock::now();
  const Matrix queries = embed_queries(report.task, embedder, options);
  report.query_seconds = seconds_since(start);
  report.systems.insert(
      report.systems.begin(),
      rank_vectors(report.task, truncate_dimensions(pages->vectors, report.dimensions, contract),
                   truncate_dimensions(queries, report.dimensions, contract), options.threads));
  return report;
}

}  // namespace recto
