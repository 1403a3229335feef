#include "model/tensor.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/error.h"

namespace recto {
namespace {

struct DTypeInfo {
  DType dtype;
  const char* name;
  size_t size;
};

constexpr DTypeInfo kDTypes[] = {
    {DType::kF32, "F32", 4},   {DType::kF16, "F16", 2}, {DType::kBF16, "BF16", 2},
    {DType::kF64, "F64", 8},   {DType::kI8, "I8", 1},   {DType::kU8, "U8", 1},
    {DType::kI16, "I16", 2},   {DType::kI32, "I32", 4}, {DType::kI64, "I64", 8},
    {DType::kBool, "BOOL", 1},
};

const DTypeInfo& info(DType dtype) {
  for (const DTypeInfo& entry : kDTypes) {
    if (entry.dtype == dtype) return entry;
  }
  fail(ErrorCode::kInternal, "no such dtype: {}", static_cast<int>(dtype));
}

// Files give no promise of alignment, so elements are read and written with memcpy.
template <typename Stored, typename Convert>
void convert_from(const std::byte* bytes, std::span<float> out, Convert convert) {
  for (size_t i = 0; i < out.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, bytes + i * sizeof(Stored), sizeof(Stored));
    out[i] = convert(stored);
  }
}

template <typename Convert>
void convert_to(std::span<const float> values, std::byte* bytes, Convert convert) {
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t stored = convert(values[i]);
    std::memcpy(bytes + i * sizeof(stored), &stored, sizeof(stored));
  }
}

// NaN and infinity have all bits of the exponent set, so that adding its lowest bit carries into
// the sign's place. Blocks are looked through without a branch, which the compiler vectorises, and
// are small enough to be in the cache for who reads them next.
template <typename Bits>
std::optional<int64_t> find_full_exponent(std::span<const std::byte> bytes, Bits exponent) {
  constexpr size_t kBlock = 4096;
  constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
  const Bits lowest = exponent & -exponent;
  const size_t count = bytes.size() / sizeof(Bits);
  const auto carried = [&](size_t i) {
    Bits bits;
    std::memcpy(&bits, bytes.data() + i * sizeof(Bits), sizeof(Bits));
    return static_cast<Bits>((bits & exponent) + lowest);
  };
  for (size_t begin = 0; begin < count; begin += kBlock) {
    const size_t end = std::min(count, begin + kBlock);
    Bits any = 0;
    for (size_t i = begin; i < end; ++i) any |= carried(i);
    for (size_t i = begin; (any & kSign) != 0 && i < end; ++i) {
      if ((carried(i) & kSign) != 0) return static_cast<int64_t>(i);
    }
  }
  return std::nullopt;
}

// "[3, 17]" of an element of a tensor of that shape.
std::string index_text(int64_t element, const std::vector<int64_t>& shape) {
  std::vector<int64_t> index(shape.size());
  for (size_t i = shape.size(); i-- > 0; element /= shape[i]) index[i] = element % shape[i];
  return shape_text(index);
}

}  // namespace

size_t dtype_size(DType dtype) { return info(dtype).size; }

const char* dtype_name(DType dtype) { return info(dtype).name; }

std::optional<DType> find_dtype(std::string_view name) {
  for (const DTypeInfo& entry : kDTypes) {
    if (name == entry.name) return entry.dtype;
  }
  return std::nullopt;
}

int64_t TensorView::elements() const {
  int64_t count = 1;
  for (const int64_t side : shape) count *= side;
  return count;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

float bf16_to_float(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

// Shifts exponent and mantissa into place and lets one fp32 subtraction normalise subnormals.
float f16_to_float(uint16_t bits) {
  constexpr uint32_t kExponent = uint32_t{0x7C00} << 13;
  uint32_t wide = (static_cast<uint32_t>(bits) & 0x7FFF) << 13;
  const uint32_t exponent = wide & kExponent;
  wide += uint32_t{127 - 15} << 23;
  if (exponent == kExponent) {
    wide += uint32_t{128 - 16} << 23;
  } else if (exponent == 0) {
    wide += uint32_t{1} << 23;
    wide = std::bit_cast<uint32_t>(std::bit_cast<float>(wide) - 0x1p-14f);
  }
  return std::bit_cast<float>(wide | (static_cast<uint32_t>(bits) & 0x8000) << 16);
}

uint16_t float_to_bf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const bool is_nan = (bits & 0x7FFFFFFF) > 0x7F800000;
  const uint32_t rounded = bits + 0x7FFF + ((bits >> 16) & 1);
  return static_cast<uint16_t>((is_nan ? bits | 0x400000 : rounded) >> 16);
}

uint16_t float_to_f16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = bits >> 16 & 0x8000;
  const uint32_t magnitude = bits & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) {
    return static_cast<uint16_t>(sign | 0x7E00 | (magnitude >> 13 & 0x3FF));
  }
  if (magnitude >= 0x47800000) return static_cast<uint16_t>(sign | 0x7C00);  // 65536 and above
  if (magnitude < 0x38800000) {  // below 2^-14: adding 0.5 makes the FPU round to 2^-24
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3F000000));
  }
  const uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1);
  return static_cast<uint16_t>(sign | ((rounded - (uint32_t{127 - 15} << 23)) >> 13));
}

void to_float(const TensorView& tensor, int64_t first, std::span<float> out) {
  RECTO_CHECK(first >= 0 && first + static_cast<int64_t>(out.size()) <= tensor.elements());
  if (out.empty()) return;
  const std::byte* bytes =
      tensor.bytes.data() + static_cast<size_t>(first) * dtype_size(tensor.dtype);
  switch (tensor.dtype) {
    case DType::kF32:
      std::memcpy(out.data(), bytes, out.size_bytes());
      return;
    case DType::kBF16:
      return convert_from<uint16_t>(bytes, out, bf16_to_float);
    case DType::kF16:
      return convert_from<uint16_t>(bytes, out, f16_to_float);
    case DType::kF64:
      return convert_from<double>(bytes, out, [](double x) { return static_cast<float>(x); });
    default:
      fail(ErrorCode::kUnsupported, "a tensor of dtype {} has no fp32 values",
           dtype_name(tensor.dtype));
  }
}

std::vector<float> to_float(const TensorView& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.elements()));
  to_float(tensor, 0, values);
  return values;
}

std::optional<int64_t> find_non_finite(const TensorView& tensor) {
  switch (tensor.dtype) {
    case DType::kF32:
      return find_full_exponent<uint32_t>(tensor.bytes, 0x7F800000);
    case DType::kBF16:
      return find_full_exponent<uint16_t>(tensor.bytes, 0x7F80);
    case DType::kF16:
      return find_full_exponent<uint16_t>(tensor.bytes, 0x7C00);
    case DType::kF64:
      return find_full_exponent<uint64_t>(tensor.bytes, uint64_t{0x7FF} << 52);
    default:
      fail(ErrorCode::kUnsupported, "a tensor of dtype {} has no fp32 values",
           dtype_name(tensor.dtype));
  }
}

void check_finite(const PlacedTensor& tensor) {
  const std::optional<int64_t> found = find_non_finite(tensor.view);
  if (!found) return;
  float value = 0;
  to_float(tensor.view, *found, {&value, 1});
  fail(ErrorCode::kBadInput,
       "{} holds {} at {}; weights must be finite numbers, so the file is damaged or its training "
       "diverged: fetch the model again or take an earlier checkpoint",
       tensor.place,
       std::isnan(value) ? "nan"
       : value > 0       ? "inf"
                         : "-inf",
       index_text(*found, tensor.view.shape));
}

void from_float(std::span<const float> values, DType dtype, std::span<std::byte> out) {
  RECTO_CHECK(out.size() == values.size() * dtype_size(dtype));
  if (values.empty()) return;
  switch (dtype) {
    case DType::kF32:
      std::memcpy(out.data(), values.data(), values.size_bytes());
      return;
    case DType::kBF16:
      return convert_to(values, out.data(), float_to_bf16);
    case DType::kF16:
      return convert_to(values, out.data(), float_to_f16);
    default:
      fail(ErrorCode::kUnsupported, "weights can be F32, F16 or BF16, not {}", dtype_name(dtype));
  }
}

}  // namespace recto
