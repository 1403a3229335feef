// Exact ranking of many pages for many queries, all metrics, their intervals and one comparison:
// what recto eval does once the vectors are there. Prints seconds and peak memory as JSON; exit
// status 1 when ranking and metrics of up to 100,000 pages and 10,000 queries take 90 s or 2 GB.
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "base/json.h"
#include "base/random.h"
#include "eval/evaluate.h"

namespace {

using recto::Matrix;

constexpr double kMostSeconds = 90;
constexpr int64_t kMostKiB = 2 << 20;
constexpr int64_t kMostPairs = 1'000'000'000;

/// Unit vectors of random directions.
Matrix random_vectors(int64_t rows, int64_t columns, uint64_t seed) {
  recto::Random random(seed);
  Matrix out(rows, columns);
  for (int64_t i = 0; i < rows; ++i) {
    float squares = 0;
    for (float& value : out.row(i)) {
      value = static_cast<float>(random.uniform() + random.uniform() - 1);
      squares += value * value;
    }
    for (float& value : out.row(i)) value /= std::sqrt(squares);
  }
  return out;
}

/// Queries that lie near a page each: as far as the noise pushes them.
Matrix queries_near(const Matrix& pages, int64_t count, float noise, uint64_t seed) {
  Matrix out = random_vectors(count, pages.columns, seed);
  for (int64_t i = 0; i < count; ++i) {
    const auto page = pages.row(i * (pages.rows / count));
    float squares = 0;
    for (int64_t k = 0; k < pages.columns; ++k) {
      float& value = out.row(i)[k];
      value = noise * value + page[k];
      squares += value * value;
    }
    for (float& value : out.row(i)) value /= std::sqrt(squares);
  }
  return out;
}

/// Documents of a hundred pages, two answers a query.
recto::RetrievalTask make_task(int64_t pages, int64_t queries) {
  constexpr int64_t kPagesOfADocument = 100;
  recto::RetrievalTask task;
  task.name = "bench";
  task.split = "test";
  for (int64_t i = 0; i < pages; ++i) {
    const int64_t document = i / kPagesOfADocument;
    task.page_ids.push_back(fmt::format("d{:05}-{}", document, i % kPagesOfADocument + 1));
    task.pages.push_back(
        {fmt::format("d{:05}", document), "text", static_cast<int>(i % kPagesOfADocument) + 1});
  }
  task.page_texts.resize(task.page_ids.size());
  for (int64_t i = 0; i < queries; ++i) {
    recto::QueryRow query;
    query.query_id = fmt::format("q{:06}", i);
    const int64_t page = i * (pages / queries);
    task.qrels[query.query_id] = {{task.page_ids[page], 2}, {task.page_ids[(page + 1) % pages], 1}};
    task.queries.push_back(std::move(query));
  }
  return task;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int64_t argument(int argc, char** argv, int place, int64_t fallback) {
  return argc > place ? std::atoll(argv[place]) : fallback;
}

}  // namespace

/// PAGES QUERIES DIMENSIONS THREADS
int main(int argc, char** argv) {
  const int64_t pages = argument(argc, argv, 1, 100000);
  const int64_t queries = argument(argc, argv, 2, 10000);
  const int64_t dimensions = argument(argc, argv, 3, 576);
  const int threads = static_cast<int>(argument(argc, argv, 4, 2));
  recto::EvalReport report;
  report.task = make_task(pages, queries);
  const Matrix page_vectors = random_vectors(pages, dimensions, 1);
  const Matrix query_vectors = queries_near(page_vectors, queries, 3.5F, 2);

  const auto start = std::chrono::steady_clock::now();
  report.systems.push_back(recto::rank_vectors(report.task, page_vectors, query_vectors, threads));
  const double ranked = seconds_since(start);
  report.systems.push_back(recto::rank_random(report.task));
  recto::compare_systems(report);
  const double compared = seconds_since(start);

  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const recto::SystemResult& model = report.systems.front();
  const std::string result =
      recto::pretty_json({{"pages", pages},
                          {"queries", queries},
                          {"dimensions", dimensions},
                          {"threads", threads},
                          {"search_seconds", model.cost.query_seconds},
                          {"ranking_and_metrics_seconds", ranked},
                          {"with_intervals_and_comparison_seconds", compared},
                          {"peak_memory_bytes", int64_t{usage.ru_maxrss} * 1024},
                          {"ndcg_at_10", model.mean.at("ndcg_at_10")}});
  std::fputs(result.c_str(), stdout);
  const bool fast = ranked < kMostSeconds && usage.ru_maxrss < kMostKiB;
  return fast || pages * queries > kMostPairs ? 0 : 1;
}
