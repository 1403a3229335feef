#include "page/encode.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "page/decode.h"

namespace recto {
namespace {

Image gradient(int width, int height) {
  Image image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.rgb.push_back(static_cast<uint8_t>(x * 255 / width));
      image.rgb.push_back(static_cast<uint8_t>(y * 255 / height));
      image.rgb.push_back(static_cast<uint8_t>((x + y) % 256));
    }
  }
  return image;
}

TEST(EncodePng, DecodesToTheSamePixels) {
  for (const auto& [width, height] : {std::pair{1, 1}, {3, 200}, {201, 7}}) {
    const Image image = gradient(width, height);
    for (const int level : {0, 1, 6, 9}) {
      const std::string bytes = encode_png(image, level);
      EXPECT_EQ(decode_image(as_bytes(bytes), "x.png").rgb, image.rgb);
    }
  }
}

TEST(EncodeJpeg, DecodesToNearlyTheSamePixels) {
  const Image image = gradient(101, 67);
  const std::string bytes = encode_jpeg(image, 95);
  const Image again = decode_image(as_bytes(bytes), "x.jpg");
  ASSERT_EQ(again.width, 101);
  ASSERT_EQ(again.height, 67);
  double sum = 0;
  for (size_t i = 0; i < image.rgb.size(); ++i) sum += std::abs(image.rgb[i] - again.rgb[i]);
  EXPECT_LT(sum / static_cast<double>(image.rgb.size()), 5.0);
}

TEST(EncodeJpeg, SamePixelsGiveTheSameBytesAndQualityMatters) {
  const Image image = gradient(64, 64);
  EXPECT_EQ(encode_jpeg(image, 80), encode_jpeg(image, 80));
  EXPECT_LT(encode_jpeg(image, 20).size(), encode_jpeg(image, 95).size());
  EXPECT_FALSE(decode_image(as_bytes(encode_jpeg(gradient(1, 1), 1)), "x.jpg").rgb.empty());
}

}  // namespace
}  // namespace recto
