#include "page/scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace recto {
namespace {

constexpr int kWidth = 900, kHeight = 1200, kLine = 600;

/// White paper with a black line across, 6 pixels high.
Image lined_page() {
  Image image{kWidth, kHeight, std::vector<uint8_t>(size_t{kWidth} * kHeight * 3, 255)};
  const auto begin = image.rgb.begin() + ptrdiff_t{kLine} * kWidth * 3;
  std::fill(begin, begin + ptrdiff_t{6} * kWidth * 3, 0);
  return image;
}

/// Where the line is in column `x`: the middle of what is dark, the darkest counting most.
double line_at(const Image& image, int x) {
  double sum = 0, weights = 0;
  for (int y = 100; y < image.height - 100; ++y) {
    const double weight = std::max(0, 150 - image.rgb[(size_t(y) * image.width + x) * 3]);
    sum += weight * y;
    weights += weight;
  }
  return weights == 0 ? -1 : sum / weights;
}

double skew_of(const Image& image) {
  const double fall = line_at(image, kWidth - 200) - line_at(image, 200);
  return std::atan2(fall, kWidth - 400) * 180 / std::numbers::pi;
}

TEST(Scan, PagesLieAskewAsTheLookSays) {
  for (const double skew : {-1.5, -0.4, 0.0, 0.7, 1.5}) {
    ScanLook look;
    look.skew_degrees = skew;
    Random noise(1);
    EXPECT_NEAR(skew_of(scanned(lined_page(), look, noise)), skew, 0.03);
  }
}

TEST(Scan, PagesAreShifted) {
  ScanLook look;
  look.shift_y = 0.01;
  Random noise(1);
  EXPECT_NEAR(line_at(scanned(lined_page(), look, noise), 450), kLine + 2.5 + 12, 0.1);
}

TEST(Scan, WithoutALookThePageStaysWhatItIs) {
  Random noise(1);
  EXPECT_EQ(scanned(lined_page(), {}, noise).rgb, lined_page().rgb);
}

TEST(Scan, LightComesFromItsSide) {
  ScanLook look;
  look.light_loss = 0.2;
  Random noise(1);
  const Image image = scanned(lined_page(), look, noise);
  EXPECT_NEAR(image.rgb[0], 255 * 0.8, 1);
  EXPECT_NEAR(image.rgb[(size_t{kWidth} - 1) * 3], 255, 1);
}

TEST(Scan, DrawnLooksDifferAndStayReadable) {
  for (int page = 0; page < 30; ++page) {
    Random random = scan_random(7, "page-" + std::to_string(page));
    const ScanLook look = draw_scan_look(random);
    EXPECT_LE(std::abs(look.skew_degrees), kMostSkew);
    EXPECT_GT(look.paper * (1 - look.light_loss) - look.ink, 100) << "of contrast is left";
    if (page >= 4) continue;
    const Image image = scanned(lined_page(), look, random);
    EXPECT_EQ(image.width, kWidth);
    EXPECT_EQ(image.height, kHeight);
    EXPECT_NE(image.rgb, lined_page().rgb);
    EXPECT_NEAR(skew_of(image), look.skew_degrees, 0.05);
  }
}

TEST(Scan, SeedAndPageDecideAlone) {
  const auto bytes = [](uint64_t seed, const char* page) {
    Random random = scan_random(seed, page);
    const ScanLook look = draw_scan_look(random);
    return scanned(lined_page(), look, random).rgb;
  };
  EXPECT_EQ(bytes(1, "a-1"), bytes(1, "a-1"));
  EXPECT_NE(bytes(1, "a-1"), bytes(2, "a-1"));
  EXPECT_NE(bytes(1, "a-1"), bytes(1, "a-2"));
}

TEST(Scan, TheSmallestPicture) {
  Random random(1);
  const ScanLook look = draw_scan_look(random);
  EXPECT_EQ(scanned({1, 1, {9, 9, 9}}, look, random).rgb.size(), 3u);
}

}  // namespace
}  // namespace recto
