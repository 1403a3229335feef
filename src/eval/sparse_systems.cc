#include "eval/sparse_systems.h"

#include <numeric>
#include <utility>

#include "base/interrupt.h"
#include "base/stopwatch.h"
#include "model/sparse_text.h"
#include "search/exact.h"
#include "search/fusion.h"
#include "search/id_order.h"
#include "search/sparse_search.h"

namespace recto {
namespace {

std::vector<SparseVector> sparse_queries(const RetrievalTask& task, const Tokenizer& tokenizer) {
  std::vector<SparseVector> queries;
  queries.reserve(task.queries.size());
  for (const QueryRow& query : task.queries) {
    queries.push_back(sparse_text(tokenizer, query.query));
  }
  return queries;
}

std::vector<ScoredId> hits_of(const RetrievalTask& task, const std::vector<Neighbour>& found) {
  std::vector<ScoredId> hits;
  hits.reserve(found.size());
  for (const Neighbour& one : found) {
    hits.push_back({task.page_ids[static_cast<size_t>(one.row)], double{one.score}});
  }
  return hits;
}

/// Both rankings of the pages of a document, for one query after another.
class PagesOfDocuments {
 public:
  PagesOfDocuments(const RetrievalTask& task, const BothOutputs& outputs,
                   const SparseSearch& search, const std::vector<SparseVector>& queries)
      : task_(task),
        outputs_(outputs),
        search_(search),
        queries_(queries),
        places_(descending_places(task.page_ids)) {}

  std::vector<ScoredId> sparse(const DocumentQuestion& question) {
    return hits_of(task_, sparse_ranking(question));
  }

  std::vector<ScoredId> fused(const DocumentQuestion& question, const Fusion& fusion) {
    std::vector<Neighbour> dense;
    dense.reserve(question.pages.size());
    const auto query = outputs_.queries.row(static_cast<int64_t>(question.query));
    for (const size_t page : question.pages) {
      const auto row = outputs_.pages.row(static_cast<int64_t>(page));
      dense.push_back({static_cast<int64_t>(page),
                       std::inner_product(row.begin(), row.end(), query.begin(), 0.0F)});
    }
    keep_best(dense, std::ssize(dense), places_);
    return hits_of(
        task_, fuse(dense, sparse_ranking(question), std::ssize(question.pages), fusion, places_));
  }

 private:
  std::vector<Neighbour> sparse_ranking(const DocumentQuestion& question) {
    if (question.query != query_ || scores_.empty()) {
      scores_ = search_.scores(queries_[question.query]);
      query_ = question.query;
    }
    std::vector<Neighbour> found;
    for (const size_t page : question.pages) {
      if (scores_[page] > 0) found.push_back({static_cast<int64_t>(page), scores_[page]});
    }
    keep_best(found, std::ssize(found), places_);
    return found;
  }

  const RetrievalTask& task_;
  const BothOutputs& outputs_;
  const SparseSearch& search_;
  const std::vector<SparseVector>& queries_;
  std::vector<int32_t> places_;
  size_t query_ = 0;
  std::vector<float> scores_;  ///< of query_
};

int64_t bytes_per_page(const std::vector<SparseVector>& pages) {
  int64_t bytes = 0;
  for (const SparseVector& page : pages) bytes += 8 * std::ssize(page.ids);
  return pages.empty() ? 0 : bytes / std::ssize(pages);
}

}  // namespace

std::vector<SystemResult> rank_sparse(const RetrievalTask& task, const Tokenizer& tokenizer,
                                      const BothOutputs& outputs, int threads,
                                      const std::string& name) {
  const Stopwatch made;
  const SparseSearch search(task.page_ids, outputs.sparse_pages, outputs.contract.sparse->gain);
  const double page_seconds = made.seconds();
  const Stopwatch asked;
  const std::vector<SparseVector> queries = sparse_queries(task, tokenizer);
  const int64_t depth = fusion_depth(kRunDepth);
  std::vector<std::vector<Neighbour>> found;
  found.reserve(queries.size());
  for (const SparseVector& query : queries) {
    throw_if_interrupted();
    found.push_back(search.search(query, depth));
  }
  const double sparse_seconds = asked.seconds();
  const ExactSearch exact(task.page_ids, outputs.pages.values.data(), outputs.pages.columns);
  const auto dense = exact.search(outputs.queries, depth, threads);
  const Fusion by_ranks = fusion_by(FuseBy::kRanks, outputs.contract),
               by_scores = fusion_by(FuseBy::kScores, outputs.contract);
  Run sparse_run, rank_run, added_run;
  for (size_t q = 0; q < queries.size(); ++q) {
    const std::string& id = task.queries[q].query_id;
    const auto fused = [&](const Fusion& fusion) {
      return hits_of(task, fuse(dense[q], found[q], kRunDepth, fusion, exact.places()));
    };
    rank_run[id] = fused(by_ranks);
    added_run[id] = fused(by_scores);
    found[q].resize(std::min(found[q].size(), static_cast<size_t>(kRunDepth)));
    sparse_run[id] = hits_of(task, found[q]);
  }
  PagesOfDocuments within(task, outputs, search, queries);
  SystemResult sparse = score_run(
      task, name + kSparseEnding,
      "idf-weighted tokens of the query, through the tokenizer alone, in the sparse vectors",
      std::move(sparse_run), [&](const DocumentQuestion& one) { return within.sparse(one); });
  sparse.cost = {page_seconds, sparse_seconds, bytes_per_page(outputs.sparse_pages)};
  const double both_seconds = asked.seconds();
  std::vector<SystemResult> systems;
  systems.push_back(std::move(sparse));
  const auto add = [&](const char* ending, const std::string& what, Run run, const Fusion& fusion) {
    SystemResult& fused = systems.emplace_back(
        score_run(task, name + ending, what, std::move(run),
                  [&](const DocumentQuestion& one) { return within.fused(one, fusion); }));
    fused.cost = {page_seconds, both_seconds,
                  systems[0].cost.bytes_per_page + 4 * outputs.pages.columns};
  };
  add(kFusedEnding,
      fmt::format("reciprocal rank of the dense and the sparse ranking, k = {}, weights 1 and {}",
                  by_ranks.constant, by_ranks.sparse_weight),
      std::move(rank_run), by_ranks);
  add(kAddedEnding,
      fmt::format("scores of the dense and the sparse ranking added, the sparse one times {}",
                  by_scores.sparse_weight),
      std::move(added_run), by_scores);
  return systems;
}

}  // namespace recto
