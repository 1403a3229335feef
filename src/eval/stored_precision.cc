#include "eval/stored_precision.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/error.h"
#include "model/tensor.h"

namespace recto {
namespace {

void round_to_fp16(std::span<float> row) {
  for (float& value : row) value = f16_to_float(float_to_f16(value));
}

void round_to_int8(std::span<float> row) {
  constexpr float kSteps = 127;
  float largest = 0;
  for (const float value : row) largest = std::max(largest, std::abs(value));
  if (largest == 0) return;
  const float scale = largest / kSteps;
  for (float& value : row) value = std::nearbyint(value / scale) * scale;
}

void keep_signs(std::span<float> row) {
  const float unit = 1 / std::sqrt(static_cast<float>(row.size()));
  for (float& value : row) value = value < 0 ? -unit : unit;
}

}  // namespace

const char* stored_precision_name(StoredPrecision precision) {
  switch (precision) {
    case StoredPrecision::kFp16:
      return "fp16";
    case StoredPrecision::kInt8:
      return "int8";
    case StoredPrecision::kBinary:
      return "binary";
    default:
      return "fp32";
  }
}

StoredPrecision parse_stored_precision(const std::string& name) {
  for (const auto precision : {StoredPrecision::kFp32, StoredPrecision::kFp16,
                               StoredPrecision::kInt8, StoredPrecision::kBinary}) {
    if (name == stored_precision_name(precision)) return precision;
  }
  fail(ErrorCode::kUsage, "vectors cannot be stored as \"{}\"; fp32, fp16, int8 or binary", name);
}

Matrix as_stored(const Matrix& vectors, StoredPrecision precision) {
  Matrix out = vectors;
  for (int64_t i = 0; i < out.rows; ++i) {
    if (precision == StoredPrecision::kFp16) round_to_fp16(out.row(i));
    if (precision == StoredPrecision::kInt8) round_to_int8(out.row(i));
    if (precision == StoredPrecision::kBinary) keep_signs(out.row(i));
  }
  return out;
}

int64_t stored_bytes(int64_t dimensions, StoredPrecision precision) {
  switch (precision) {
    case StoredPrecision::kFp16:
      return 2 * dimensions;
    case StoredPrecision::kInt8:
      return dimensions + 4;
    case StoredPrecision::kBinary:
      return (dimensions + 7) / 8;
    default:
      return 4 * dimensions;
  }
}

}  // namespace recto
