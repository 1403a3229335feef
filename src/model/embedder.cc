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

std::vector<float> token_weights(std::span<const std::vector<float>> sums,
                                 const SparseOutput& output) {
  RECTO_CHECK(!sums.empty());
  const auto scale = static_cast<float>(output.gain * output.saturation);
  const auto share = 1 / static_cast<float>(sums.size());
  std::vector<float> weights(sums[0].size());
  for (const std::vector<float>& edge : sums) {
    for (size_t i = 0; i < weights.size(); ++i) weights[i] += share * std::log1p(scale * edge[i]);
  }
  return weights;
}

SparseVector largest_weights(std::span<const float> weights, int most) {
  std::vector<int32_t> ids;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] > 0) ids.push_back(static_cast<int32_t>(i));
  }
  const auto weight = [&](int32_t id) { return weights[static_cast<size_t>(id)]; };
  const auto kept = std::min(std::ssize(ids), ptrdiff_t{most});
  std::nth_element(ids.begin(), ids.begin() + kept, ids.end(), [&](int32_t a, int32_t b) {
    return weight(a) != weight(b) ? weight(a) > weight(b) : a < b;
  });
  ids.resize(static_cast<size_t>(kept));
  std::sort(ids.begin(), ids.end());
  SparseVector out;
  for (const int32_t id : ids) out.weights.push_back(weight(id));
  out.ids = std::move(ids);
  return out;
}

SparseVector all_weights(std::span<const float> weights) {
  return largest_weights(weights, static_cast<int>(weights.size()));
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
