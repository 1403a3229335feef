#include "learn/reference_batch.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace recto {
namespace {

/// The row of each query, then of each document.
std::vector<int64_t> rows_of(const ReferenceVectors& reference, const ContrastiveBatch& batch) {
  std::vector<int64_t> rows;
  for (const size_t query : batch.queries) rows.push_back(reference.query_rows[query]);
  for (const size_t page : batch.documents()) rows.push_back(reference.page_rows[page]);
  return rows;
}

}  // namespace

torch::Tensor batch_vectors(const ReferenceVectors& reference, const ContrastiveBatch& batch) {
  const std::vector<int64_t> rows = rows_of(reference, batch);
  torch::Tensor vectors =
      torch::zeros({static_cast<int64_t>(rows.size()), reference.vectors.columns});
  float* to = vectors.data_ptr<float>();
  for (const int64_t row : rows) {
    if (row != ReferenceVectors::kNone) {
      const std::span<const float> from = reference.vectors.row(row);
      std::copy(from.begin(), from.end(), to);
    }
    to += reference.vectors.columns;
  }
  return vectors;
}

torch::Tensor has_batch_vector(const ReferenceVectors& reference, const ContrastiveBatch& batch) {
  const std::vector<int64_t> rows = rows_of(reference, batch);
  return torch::tensor(rows, torch::kInt64) != ReferenceVectors::kNone;
}

torch::Tensor batch_scores(const ReferenceVectors& reference, const ContrastiveBatch& batch) {
  const auto queries = static_cast<int64_t>(batch.queries.size());
  const torch::Tensor vectors = batch_vectors(reference, batch).to(torch::kFloat64);
  const int64_t documents = vectors.size(0) - queries;
  const torch::Tensor scores =
      vectors.narrow(0, 0, queries).mm(vectors.narrow(0, queries, documents).t());
  const torch::Tensor known = has_batch_vector(reference, batch);
  const torch::Tensor both = known.narrow(0, 0, queries)
                                 .unsqueeze(1)
                                 .logical_and(known.narrow(0, queries, documents).unsqueeze(0));
  return scores.to(torch::kFloat32)
      .masked_fill(both.logical_not(), std::numeric_limits<double>::quiet_NaN());
}

}  // namespace recto
