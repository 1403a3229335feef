#pragma once
// The sparse output of a model as systems of their own: alone, and fused with the dense vectors.

#include <string>
#include <vector>

#include "base/matrix.h"
#include "base/sparse_vector.h"
#include "eval/systems.h"
#include "model/contract.h"
#include "model/tokenizer.h"

namespace recto {

/// Queries [queries, d] and pages [pages, d] as dense vectors, and the pages as sparse ones, all in
/// the task's order, under the model's contract.
struct BothOutputs {
  const Matrix& pages;
  const Matrix& queries;
  const std::vector<SparseVector>& sparse_pages;
  const Contract& contract;
};

inline constexpr const char* kSparseEnding = "-sparse";
inline constexpr const char* kFusedEnding = "-fused";
inline constexpr const char* kAddedEnding = "-added";

/// "NAME-sparse": the queries through the tokenizer alone, idf of the task's pages
/// (search/sparse_search.h); "NAME-fused": both rankings by reciprocal rank, "NAME-added": by the
/// weighted sum of their scores (search/fusion.h), within a document those of its pages.
std::vector<SystemResult> rank_sparse(const RetrievalTask& task, const Tokenizer& tokenizer,
                                      const BothOutputs& outputs, int threads,
                                      const std::string& name);

}  // namespace recto
