#include "data/feature_values.h"

#include "base/error.h"

namespace recto {
namespace {

TensorView view(std::span<const std::byte> bytes, DType dtype) {
  return {dtype, {static_cast<int64_t>(bytes.size() / dtype_size(dtype))}, bytes};
}

}  // namespace

void round_features(std::span<const float> values, DType dtype, std::span<std::byte> out) {
  from_float(values, dtype, out);
  if (dtype == DType::kF32) return;
  const std::optional<int64_t> lost = find_non_finite(view(out, dtype));
  if (!lost || !are_finite(values)) return;
  fail(ErrorCode::kBadInput,
       "a feature of a page is {}, which --feature-dtype {} cannot hold; take bf16 or fp32",
       values[static_cast<size_t>(*lost)], dtype == DType::kF16 ? "fp16" : "bf16");
}

bool are_finite(std::span<const float> values) {
  return !find_non_finite(view(std::as_bytes(values), DType::kF32));
}

}  // namespace recto
