#include "model/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"

namespace recto {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Ordinary and extreme finite numbers of every type.
std::vector<float> finite_values(size_t count) {
  const float cycle[] = {0.0f, -0.0f, 1.5f, -65504.0f, 6e-8f, 6.1e-5f};
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = cycle[i % std::size(cycle)];
  return values;
}

TEST(FindNonFinite, TheFirstOneOfEveryTypeAndPlace) {
  const size_t count = 10'000;  // several blocks and a rest
  for (const DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
    // One byte before the data: files do not align their tensors.
    std::vector<std::byte> memory(1 + count * dtype_size(dtype));
    const std::span<std::byte> bytes = std::span(memory).subspan(1);
    const TensorView tensor{dtype, {100, 100}, bytes};
    std::vector<float> values = finite_values(count);
    from_float(values, dtype, bytes);
    EXPECT_EQ(find_non_finite(tensor), std::nullopt) << dtype_name(dtype);
    for (const float bad : {kInfinity, -kInfinity, kNan}) {
      for (const size_t at : {size_t{0}, size_t{4095}, size_t{4096}, count - 1}) {
        values = finite_values(count);
        values[at] = bad;
        values[count - 1] = bad;
        from_float(values, dtype, bytes);
        EXPECT_EQ(find_non_finite(tensor), static_cast<int64_t>(at)) << dtype_name(dtype);
      }
    }
  }
}

TEST(FindNonFinite, NothingInNothingAndNoIntegers) {
  EXPECT_EQ(find_non_finite({DType::kF32, {0, 4}, {}}), std::nullopt);
  EXPECT_THROW(find_non_finite({DType::kI32, {0}, {}}), Error);
}

TEST(CheckFinite, NamesTensorElementAndValue) {
  struct Case {
    float value;
    const char* says;
  };
  for (const Case& c : {Case{kNan, "nan"}, {kInfinity, "inf"}, {-kInfinity, "-inf"}}) {
    std::vector<float> values(12, 1.0f);
    values[7] = c.value;
    const TensorView view{DType::kF32, {3, 4}, std::as_bytes(std::span<const float>(values))};
    try {
      check_finite({view, "m.safetensors: tensor \"x\""});
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput);
      EXPECT_THAT(error.what(), testing::HasSubstr(fmt::format(
                                    "m.safetensors: tensor \"x\" holds {} at [1, 3]", c.says)));
    }
  }
}

}  // namespace
}  // namespace recto
