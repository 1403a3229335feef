#include "model/embedder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace recto {
namespace {

void check_declared(int dimensions, const Contract& contract) {
  const auto& declared = contract.dimensions;
  if (std::find(declared.begin(), declared.end(), dimensions) != declared.end()) return;
  std::string list;
  for (const int d : declared) list += fmt::format("{}{}", list.empty() ? "" : ", ", d);
  fail(ErrorCode::kUsage,
       "vectors of {} dimensions are not declared by the model's contract, which has {}; a shorter "
       "vector is only good where the model was trained for it",
       dimensions, list);
}

void normalize(std::span<float> row) {
  double sum = 0;
  for (const float x : row) sum += static_cast<double>(x) * x;
  const double norm = std::sqrt(sum);
  if (norm == 0) return;
  for (float& x : row) x = static_cast<float>(x / norm);
}

/// Weights of the `most` largest sums above 0.
SparseVector heaviest(std::span<const float> sums, const SparseOutput& output, size_t most) {
  std::vector<int32_t> ids;
  for (size_t i = 0; i < sums.size(); ++i) {
    if (sums[i] > 0) ids.push_back(static_cast<int32_t>(i));
  }
  const size_t kept = std::min(ids.size(), most);
  std::nth_element(ids.begin(), ids.begin() + static_cast<ptrdiff_t>(kept), ids.end(),
                   [&](int32_t a, int32_t b) {
                     return sums[static_cast<size_t>(a)] != sums[static_cast<size_t>(b)]
                                ? sums[static_cast<size_t>(a)] > sums[static_cast<size_t>(b)]
                                : a < b;
                   });
  ids.resize(kept);
  std::sort(ids.begin(), ids.end());
  const auto scale = static_cast<float>(output.gain * output.saturation);
  SparseVector out;
  out.weights.reserve(ids.size());
  for (const int32_t id : ids) {
    out.weights.push_back(std::log1p(scale * sums[static_cast<size_t>(id)]));
  }
  out.ids = std::move(ids);
  return out;
}

}  // namespace

Matrix Embedder::embed_both(std::span<const ModelInput> /*inputs*/,
                            std::vector<SparseVector>& /*sparse*/) {
  fail(ErrorCode::kUnsupported, "this embedder makes no sparse vectors");
}

void check_has_sparse_output(const ModelDirectory& model) {
  if (model.contract().sparse) return;
  fail(ErrorCode::kUnsupported,
       "{} has no sparse output; recto train makes one with --sparse-weight or --objective reading",
       model.path().string());
}

SparseVector all_weights(std::span<const float> sums, const SparseOutput& output) {
  return heaviest(sums, output, sums.size());
}

SparseVector largest_weights(std::span<const float> sums, const SparseOutput& output) {
  return heaviest(sums, output, static_cast<size_t>(output.top_n));
}

void dense_of_weights(const SparseVector& picture, const SparseVector& text, bool of_page,
                      const SparseHead& head, std::span<float> out) {
  const std::vector<float>& bias = of_page ? head.page_bias : head.text_bias;
  std::copy(bias.begin(), bias.end(), out.begin());
  for (const SparseVector* weights : {&picture, &text}) {
    for (size_t i = 0; i < weights->ids.size(); ++i) {
      const float* row = head.dense.data() + static_cast<size_t>(weights->ids[i]) * out.size();
      for (size_t d = 0; d < out.size(); ++d) out[d] += weights->weights[i] * row[d];
    }
  }
}

Matrix truncate_dimensions(const Matrix& vectors, int dimensions, const Contract& contract) {
  check_declared(dimensions, contract);
  RECTO_CHECK(dimensions <= vectors.columns);
  if (dimensions == vectors.columns) return vectors;
  Matrix result(vectors.rows, dimensions);
  for (int64_t i = 0; i < vectors.rows; ++i) {
    const auto row = vectors.row(i).first(static_cast<size_t>(dimensions));
    std::copy(row.begin(), row.end(), result.row(i).begin());
    if (contract.normalize) normalize(result.row(i));
  }
  return result;
}

}  // namespace recto
