#pragma once
// A text to the pages of an index, by the vectors that suit its model: what `recto search` and
// `recto serve` do.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/model_directory.h"
#include "search/index.h"

namespace recto {

enum class SearchMode {
  kDense,
  kSparse,  ///< the tokenizer alone reads the query
  kHybrid,  ///< both rankings, fused
};

/// "dense", "sparse" or "hybrid". Throws Error(kUsage) naming `what` for another name.
SearchMode parse_search_mode(const std::string& name, const std::string& what);

/// What to look for, and how; what is not set is as suits the model of the index.
struct PageQuery {
  std::string text;
  int k = 10;  ///< pages to find
  std::optional<SearchMode> mode;
  std::optional<FuseBy> fusion;    ///< of kHybrid
  std::optional<double> fusion_k;  ///< the constant of FuseBy::kRanks
};

/// Names of what was set, for messages: options of a command, or fields of a request.
struct PageQueryNames {
  std::string fusion = "--fusion";
  std::string fusion_k = "--fusion-k";
  std::string mode_hybrid = "--mode hybrid";
  std::string fusion_ranks = "--fusion ranks";
};

/// The dense vector of a query at full width, one row.
using QueryVector = std::function<Matrix(const std::string& text)>;

/// The pages nearest to a query, best first. `model` is that of the index; `dense` is asked where
/// the mode needs it. Throws Error(kUsage) for settings that mean nothing together, by `names`,
/// Error(kBadInput) for an empty text, Error(kUnsupported) for sparse vectors that the index lacks,
/// else as PageIndex::search() and `dense` do.
std::vector<IndexHit> find_pages(const PageIndex& index, const ModelDirectory& model,
                                 const PageQuery& query, const QueryVector& dense, int threads = 1,
                                 const PageQueryNames& names = {});

}  // namespace recto
