#include "data/feature_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/errors.h"

namespace recto {
namespace {
using testing::HasSubstr;

std::vector<float> rounded(const std::vector<float>& values, DType dtype) {
  std::vector<std::byte> bytes(values.size() * dtype_size(dtype));
  round_features(values, dtype, bytes);
  return to_float({dtype, {std::ssize(values)}, bytes});
}

TEST(FeatureValues, AreRoundedToTheType) {
  const std::vector<float> values = {0.1F, -3, 70000, 1e-30F};
  EXPECT_EQ(rounded(values, DType::kF32), values);
  EXPECT_EQ(rounded(values, DType::kBF16)[0], bf16_to_float(float_to_bf16(0.1F)));
  EXPECT_NE(rounded(values, DType::kBF16)[0], 0.1F);
  EXPECT_EQ(rounded({0.1F}, DType::kF16)[0], f16_to_float(float_to_f16(0.1F)));
}

TEST(FeatureValues, WhatATypeCannotHoldIsAnError) {
  EXPECT_THAT(test::error_of([] { rounded({1, 70000}, DType::kF16); }, ErrorCode::kBadInput),
              HasSubstr("70000, which --feature-dtype fp16 cannot hold; take bf16 or fp32"));
  EXPECT_THAT(test::error_of([] { rounded({3.4e38F}, DType::kBF16); }, ErrorCode::kBadInput),
              HasSubstr("--feature-dtype bf16"));
}

TEST(FeatureValues, WhatIsNotFiniteStaysSo) {
  EXPECT_TRUE(std::isnan(rounded({NAN, 1}, DType::kF16)[0]));
  EXPECT_TRUE(are_finite(std::vector<float>{0, 3e38F}));
  EXPECT_FALSE(are_finite(std::vector<float>{0, INFINITY}));
  EXPECT_FALSE(are_finite(std::vector<float>{NAN}));
}

}  // namespace
}  // namespace recto
