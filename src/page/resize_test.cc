#include "page/resize.h"

#include <gtest/gtest.h>

#include <utility>

#include "base/cpu.h"
#include "base/random.h"
#include "page/fit.h"
#include "page/resize_with.h"

namespace recto {
namespace {

Image noise(int width, int height, uint64_t seed) {
  Random random(seed);
  Image image{width, height, {}};
  image.rgb.resize(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
  // Mostly extremes, so that sums overshoot both ends.
  for (auto& value : image.rgb) {
    const uint64_t draw = random.below(4);
    value = static_cast<uint8_t>(draw == 0 ? 0 : draw == 1 ? 255 : random.below(256));
  }
  return image;
}

constexpr Filter kFilters[] = {Filter::kLanczos, Filter::kBicubic, Filter::kBilinear, Filter::kBox};

int random_side(Random& random) {
  return random.below(4) == 0 ? 1 : 1 + static_cast<int>(random.below(200));
}

void expect_equal_to_scalar(WeightedSum kernel) {
  Random random(11);
  for (int i = 0; i < 300; ++i) {
    const Image image = noise(random_side(random), random_side(random), random.next());
    const int width = random_side(random);
    const int height = random_side(random);
    const Filter filter = kFilters[random.below(4)];
    const auto order =
        random.below(2) == 0 ? ResampleOrder::kHorizontalFirst : ResampleOrder::kPillow13;
    const Image want = resize_with(image, width, height, filter, order, weighted_sum_scalar);
    const Image got = resize_with(image, width, height, filter, order, kernel);
    ASSERT_EQ(got.width, width);
    ASSERT_EQ(got.height, height);
    ASSERT_EQ(got.rgb, want.rgb) << image.width << "x" << image.height << " to " << width << "x"
                                 << height << ", filter " << static_cast<int>(filter);
  }
}

TEST(Resize, Avx2KernelEqualsScalar) {
  if (!cpu_features().avx2) GTEST_SKIP() << "this processor has no AVX2";
  expect_equal_to_scalar(weighted_sum_avx2);
}

TEST(Resize, Avx512KernelEqualsScalar) {
  if (!cpu_features().avx512) GTEST_SKIP() << "this processor has no AVX-512";
  expect_equal_to_scalar(weighted_sum_avx512);
}

TEST(Resize, SameSizeIsACopy) {
  const Image image = noise(13, 7, 1);
  EXPECT_EQ(resize(image, 13, 7).rgb, image.rgb);
}

TEST(Resize, OneColourStaysThatColour) {
  for (const Filter filter : kFilters) {
    Image image{50, 40, std::vector<uint8_t>(50 * 40 * 3, 201)};
    for (const auto& [width, height] : {std::pair{1, 1}, {7, 300}, {300, 7}, {51, 39}}) {
      const Image out = resize(image, width, height, filter);
      EXPECT_EQ(out.rgb, std::vector<uint8_t>(static_cast<size_t>(width * height) * 3, 201));
    }
  }
}

TEST(Resize, ChannelsDoNotMix) {
  Image image = noise(60, 45, 5);
  for (size_t i = 1; i < image.rgb.size(); i += 3) image.rgb[i] = 0;
  const Image out = resize(image, 33, 90);
  for (size_t i = 1; i < out.rgb.size(); i += 3) ASSERT_EQ(out.rgb[i], 0);
}

TEST(Resize, OrdersDifferOnlyWhereThePillow13RuleHolds) {
  const Image tall = noise(90, 700, 3);
  EXPECT_NE(resize(tall, 80, 300).rgb,
            resize(tall, 80, 300, Filter::kLanczos, ResampleOrder::kPillow13).rgb);
  // 400 rows fewer is not more than twice 200 columns fewer.
  const Image image = noise(300, 700, 3);
  EXPECT_EQ(resize(image, 100, 300).rgb,
            resize(image, 100, 300, Filter::kLanczos, ResampleOrder::kPillow13).rgb);
}

TEST(Crop, TakesTheRectangle) {
  const Image image = noise(20, 10, 9);
  const Image part = crop(image, 3, 4, 5, 2);
  ASSERT_EQ(part.width, 5);
  ASSERT_EQ(part.height, 2);
  for (int y = 0; y < 2; ++y) {
    for (int x = 0; x < 15; ++x) {
      EXPECT_EQ(part.rgb[static_cast<size_t>(y * 15 + x)],
                image.rgb[static_cast<size_t>((4 + y) * 60 + 9 + x)]);
    }
  }
}

TEST(CropDeathTest, RefusesWhatLiesOutside) {
  const Image image = noise(20, 10, 9);
  EXPECT_DEATH(crop(image, 16, 0, 5, 1), "internal check failed");
}

TEST(Fit, OnlyTheTooLargeBecomesSmaller) {
  const auto fitted = [](int width, int height) {
    const Image image = fit(noise(width, height, 1), 10);
    return std::pair(image.width, image.height);
  };
  EXPECT_EQ(fitted(10, 3), std::pair(10, 3));
  EXPECT_EQ(fitted(20, 5), std::pair(10, 3)) << "2.5 is rounded up";
  EXPECT_EQ(fitted(7, 100), std::pair(1, 10));
  EXPECT_EQ(fitted(1, 100), std::pair(1, 10)) << "no side vanishes";
}

}  // namespace
}  // namespace recto
