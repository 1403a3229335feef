#include "model/embedder.h"

#include <algorithm>
#include <cmath>

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
