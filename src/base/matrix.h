#pragma once
// A dense row-major fp32 matrix: embeddings, scores.

#include <cstdint>
#include <span>
#include <vector>

namespace recto {

/// values[row * columns + column], [rows, columns].
struct Matrix {
  int64_t rows = 0;
  int64_t columns = 0;
  std::vector<float> values;

  Matrix() = default;
  Matrix(int64_t r, int64_t c) : rows(r), columns(c), values(static_cast<size_t>(r * c)) {}

  std::span<float> row(int64_t i) {
    return {values.data() + i * columns, static_cast<size_t>(columns)};
  }
  std::span<const float> row(int64_t i) const {
    return {values.data() + i * columns, static_cast<size_t>(columns)};
  }
};

}  // namespace recto
