#include "page/perceptual_hash.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "page/decode.h"
#include "page/encode.h"
#include "support/support.h"

namespace recto {
namespace {

Image one_colour(int width, int height, uint8_t value) {
  Image image{width, height, {}};
  image.rgb.assign(static_cast<size_t>(width) * static_cast<size_t>(height) * 3, value);
  return image;
}

void fill(Image& image, int left, int top, int width, int height, const uint8_t (&colour)[3]) {
  for (int y = std::max(0, top); y < std::min(image.height, top + height); ++y) {
    for (int x = std::max(0, left); x < std::min(image.width, left + width); ++x) {
      for (int c = 0; c < 3; ++c) image.rgb[3 * (y * image.width + x) + c] = colour[c];
    }
  }
}

/// Lines of dark bars on white, like a page of text, with a coloured box.
Image page(int width, int height, uint64_t seed) {
  Random random(seed);
  Image image = one_colour(width, height, 255);
  const int line = std::max(2, height / 50);
  for (int y = line * 3; y + line * 3 < height; y += line * 2) {
    for (int x = width / 10; x < width * 9 / 10;) {
      const int word = std::max(1, width / 60) * (1 + static_cast<int>(random.below(6)));
      if (random.below(5) != 0)
        fill(image, x, y, std::min(word, width * 9 / 10 - x), line, {30, 30, 60});
      x += word + std::max(1, width / 80);
    }
  }
  const int x = static_cast<int>(random.below(static_cast<uint64_t>(width)));
  const int y = static_cast<int>(random.below(static_cast<uint64_t>(height)));
  fill(image, x, y, width / 3, height / 5, {200, 40, 90});
  return image;
}

void write_raw(const std::filesystem::path& path, const Image& image) {
  const uint32_t size[2] = {static_cast<uint32_t>(image.width),
                            static_cast<uint32_t>(image.height)};
  std::string bytes(reinterpret_cast<const char*>(size), sizeof(size));
  bytes.append(image.rgb.begin(), image.rgb.end());
  write_file(path, bytes);
}

TEST(PerceptualHash, EqualsNumpyAndIsNearPlainPillow) {
  if (!std::filesystem::exists(test::python())) GTEST_SKIP() << "no " << test::python();
  const std::pair<int, int> sizes[] = {{1448, 2048}, {2048, 1447}, {600, 800}, {256, 256},
                                       {511, 300},   {64, 64},     {100, 37},  {513, 1025}};
  const TemporaryDirectory directory;
  std::vector<PerceptualHash> hashes;
  for (const auto& [width, height] : sizes) {
    for (uint64_t seed = 0; seed < 3; ++seed) {
      const Image image = page(width, height, seed);
      hashes.push_back(perceptual_hash(image));
      write_raw(directory.path() / fmt::format("{}.rgb", hashes.size()), image);
    }
  }
  const auto result = test::run_command(
      fmt::format("'{}' '{}' '{}'", test::python().string(),
                  (test::source_directory() / "src/page/perceptual_hash_oracle.py").string(),
                  directory.path().string()));
  ASSERT_EQ(result.status, 0) << result.err;
  std::istringstream lines(result.out);
  std::string same;
  std::string plain;
  size_t i = 0;
  for (; lines >> same >> plain; ++i) {
    ASSERT_LT(i, hashes.size());
    EXPECT_EQ(hash_text(hashes[i]), same) << "picture " << i;
    EXPECT_LE(hamming_distance(hashes[i], parse_hash(plain)), 6) << "picture " << i;
  }
  EXPECT_EQ(i, hashes.size());
}

TEST(PerceptualHash, StaysNearAtOtherSizesAndAfterJpeg) {
  const Image image = page(1448, 2048, 7);
  const PerceptualHash hash = perceptual_hash(image);
  for (const int height : {1024, 700, 2100}) {
    const Image other = resize(image, height * 1448 / 2048, height);
    EXPECT_LE(hamming_distance(hash, perceptual_hash(other)), 8) << height;
  }
  const std::string jpeg = encode_jpeg(image, 50);
  EXPECT_LE(hamming_distance(hash, perceptual_hash(decode_image(as_bytes(jpeg), "page"))), 8);
  EXPECT_GT(hamming_distance(hash, perceptual_hash(page(1448, 2048, 8))), 24);
}

TEST(PerceptualHash, OneColourHasOnlyTheConstantTerm) {
  for (const auto& [width, height] : {std::pair{1448, 2048}, {1, 1}, {3000, 2}, {17, 900}}) {
    for (const uint8_t value : {uint8_t{255}, uint8_t{200}, uint8_t{1}}) {
      EXPECT_EQ(perceptual_hash(one_colour(width, height, value)), (PerceptualHash{1, 0, 0, 0}))
          << width << " x " << height << ", " << int{value};
    }
  }
  EXPECT_EQ(perceptual_hash(one_colour(500, 500, 0)), PerceptualHash{});
}

TEST(PerceptualHash, TextHasTheFirstBitInTheFirstDigitsHighestPlace) {
  const std::pair<PerceptualHash, std::string> cases[] = {
      {{1, 0, 0, 0}, "8" + std::string(63, '0')},
      {{0b10, 0, 0, 0}, "4" + std::string(63, '0')},
      {{uint64_t{1} << 63, 0, 0, 0}, std::string(15, '0') + "1" + std::string(48, '0')},
      {{0, 0, 0, uint64_t{1} << 63}, std::string(63, '0') + "1"},
  };
  for (const auto& [hash, text] : cases) {
    EXPECT_EQ(hash_text(hash), text);
    EXPECT_EQ(parse_hash(text), hash);
  }
  Random random(1);
  for (int i = 0; i < 100; ++i) {
    const PerceptualHash hash{random.next(), random.next(), random.next(), random.next()};
    EXPECT_EQ(parse_hash(hash_text(hash)), hash);
  }
}

TEST(PerceptualHash, WhatIsNoHashIsRefused) {
  for (const std::string& text :
       {std::string(), std::string(63, '0'), std::string(65, '0'), std::string(63, '0') + "A",
        std::string(63, '0') + "g", std::string(64, ' '), std::string(64, '\0')}) {
    EXPECT_THROW(parse_hash(text), Error) << text;
  }
}

TEST(PerceptualHash, DistanceCountsBits) {
  EXPECT_EQ(hamming_distance({}, {}), 0);
  EXPECT_EQ(hamming_distance({}, {~0ull, ~0ull, ~0ull, ~0ull}), 256);
  EXPECT_EQ(hamming_distance({1, 2, 4, 8}, {0, 2, 0, 9}), 3);
}

TEST(Gray, ThumbnailHasALongestSideOf256) {
  for (const auto& [width, height] :
       {std::pair{2048, 1448}, {511, 300}, {257, 100}, {3000, 5}, {700, 701}}) {
    const GrayImage thumbnail = gray_thumbnail(reduce_to_gray(one_colour(width, height, 77)));
    EXPECT_EQ(std::max(thumbnail.width, thumbnail.height), 256) << width << " x " << height;
    EXPECT_EQ(thumbnail.gray,
              std::vector<uint8_t>(static_cast<size_t>(thumbnail.width * thumbnail.height), 77));
  }
  EXPECT_EQ(gray_thumbnail(reduce_to_gray(one_colour(100, 50, 1))).width, 100);
}

TEST(Gray, LumaIsPillows) {
  Image image = one_colour(3, 1, 0);
  for (int i = 0; i < 3; ++i) image.rgb[3 * i + i] = 255;
  EXPECT_EQ(reduce_to_gray(image).gray, (std::vector<uint8_t>{76, 150, 29}));
}

}  // namespace
}  // namespace recto
