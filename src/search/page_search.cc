#include "search/page_search.h"

#include "base/error.h"
#include "model/embedder.h"
#include "model/sparse_text.h"

namespace recto {
namespace {

/// By both kinds of vectors where there are both.
SearchMode mode_of(const PageQuery& query, const PageIndex& index) {
  return query.mode.value_or(index.contract().sparse ? SearchMode::kHybrid : SearchMode::kDense);
}

/// How both rankings become one: as asked for, or as suits the model of the index.
Fusion fusion_of(const PageQuery& query, const PageIndex& index, const PageQueryNames& names) {
  if ((query.fusion || query.fusion_k) && mode_of(query, index) != SearchMode::kHybrid) {
    fail(ErrorCode::kUsage, "{} does nothing without {}",
         query.fusion ? names.fusion : names.fusion_k, names.mode_hybrid);
  }
  Fusion fusion =
      query.fusion ? fusion_by(*query.fusion, index.contract()) : default_fusion(index.contract());
  if (query.fusion_k && fusion.by == FuseBy::kScores) {
    fail(ErrorCode::kUsage, "{} is about ranks, but scores are added; add {}", names.fusion_k,
         names.fusion_ranks);
  }
  fusion.constant = query.fusion_k.value_or(fusion.constant);
  return fusion;
}

}  // namespace

SearchMode parse_search_mode(const std::string& name, const std::string& what) {
  if (name == "dense") return SearchMode::kDense;
  if (name == "sparse") return SearchMode::kSparse;
  if (name == "hybrid") return SearchMode::kHybrid;
  fail(ErrorCode::kUsage, "{}: no mode is called \"{}\"; dense, sparse or hybrid", what, name);
}

std::vector<IndexHit> find_pages(const PageIndex& index, const ModelDirectory& model,
                                 const PageQuery& query, const QueryVector& dense, int threads,
                                 const PageQueryNames& names) {
  const Fusion fusion = fusion_of(query, index, names);
  const SearchMode mode = mode_of(query, index);
  const auto vector = [&] {
    return truncate_dimensions(dense(query.text), index.dimensions(), model.contract());
  };
  if (mode == SearchMode::kDense) return index.search(vector(), query.k, threads).front();
  const SparseVector sparse = sparse_text(model.tokenizer(), query.text);
  if (sparse.ids.empty()) fail(ErrorCode::kBadInput, "the query is empty");
  if (mode == SearchMode::kSparse) return index.search_sparse(sparse, query.k);
  return index.search_both(vector(), sparse, query.k, fusion, threads);
}

}  // namespace recto
