#pragma once
// Typed views of bytes that somebody else keeps.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recto {

enum class DType { kF32, kF16, kBF16, kF64, kI8, kU8, kI16, kI32, kI64, kBool };

/// Bytes of one element.
size_t dtype_size(DType dtype);
/// The safetensors name: "F32", "BF16", ...
const char* dtype_name(DType dtype);
/// The dtype of a safetensors name, if it is one of ours.
std::optional<DType> find_dtype(std::string_view name);

/// A dense little-endian row-major tensor in somebody else's memory.
struct TensorView {
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;

  int64_t elements() const;
};

/// A tensor and where it stands, as messages name it: `DIR/model.safetensors: tensor "NAME"`.
struct PlacedTensor {
  TensorView view;
  std::string place;
};

/// Row-major index of the first element that is NaN or infinite. Throws Error(kUnsupported) for
/// integer tensors.
std::optional<int64_t> find_non_finite(const TensorView& tensor);
/// Throws Error(kBadInput) naming the tensor, the element and its value if one is NaN or infinite.
void check_finite(const PlacedTensor& tensor);

/// "[2, 3]"
std::string shape_text(const std::vector<int64_t>& shape);

float bf16_to_float(uint16_t bits);
float f16_to_float(uint16_t bits);
uint16_t float_to_bf16(float value);  ///< round to nearest even, NaN stays NaN
uint16_t float_to_f16(float value);   ///< round to nearest even, overflow to infinity

/// The elements as fp32. Throws Error(kUnsupported) for integer tensors.
std::vector<float> to_float(const TensorView& tensor);
/// The same for the elements [first, first + out.size()), into `out`.
void to_float(const TensorView& tensor, int64_t first, std::span<float> out);

/// fp32 values as the bytes of fp32, fp16 or bf16 elements, `out` of values.size() elements.
/// Throws Error(kUnsupported) for another dtype.
void from_float(std::span<const float> values, DType dtype, std::span<std::byte> out);

}  // namespace recto
