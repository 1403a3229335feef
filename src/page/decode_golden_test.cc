// Image files to RGB, by hash against Pillow (goldens/images), EXIF applied and alpha over white.

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "page/decode.h"
#include "support/golden_sections.h"
#include "support/support.h"

namespace recto {
namespace {

std::string hash_of(const Image& image) {
  return sha256_hex(std::as_bytes(std::span<const uint8_t>(image.rgb)));
}

bool sixteen_bit_gray(const Json& entry) {
  return entry.at("pil_mode").get<std::string>().starts_with("I;16");
}

TEST(DecodeGolden, EqualsPillowByHash) {
  const auto folder = test::goldens() / "images";
  if (!exists(folder / "cases.json")) GTEST_SKIP() << folder << " is not in this golden set";
  const Json cases = read_json(folder / "cases.json");
  test::GoldenSections sections;
  for (const Json& entry : cases.at("cases")) {
    const auto file = entry.at("file").get<std::string>();
    if (!sections.has(folder / file)) continue;
    const std::string bytes = read_file(folder / file);
    const Image image = decode_image(as_bytes(bytes), file);
    EXPECT_EQ(image.width, entry.at("rgb_exif_wh").at(0).get<int>()) << file;
    EXPECT_EQ(image.height, entry.at("rgb_exif_wh").at(1).get<int>()) << file;
    const auto wanted = entry.at("rgb_exif_transposed_sha256").get<std::string>();
    // Pillow clips 16-bit gray at 255, which makes nearly all of it white; here it is scaled.
    if (sixteen_bit_gray(entry)) {
      EXPECT_NE(hash_of(image), wanted) << file;
    } else {
      EXPECT_EQ(hash_of(image), wanted) << file;
    }
    sections.tested();
  }
  sections.finish();
}

// The 16-bit source of the set is a ramp from 0 to 65535 over all pixels.
TEST(DecodeGolden, SixteenBitGrayIsScaled) {
  const auto folder = test::goldens() / "images";
  if (!exists(folder / "cases.json")) GTEST_SKIP() << folder << " is not in this golden set";
  const Json cases = read_json(folder / "cases.json");
  test::GoldenSections sections;
  for (const Json& entry : cases.at("cases")) {
    if (!sixteen_bit_gray(entry)) continue;
    const auto file = entry.at("file").get<std::string>();
    if (!sections.has(folder / file)) continue;
    const Image image = decode_image(as_bytes(read_file(folder / file)), file);
    const size_t pixels = image.rgb.size() / 3;
    ASSERT_GT(pixels, 1u);
    for (size_t i = 0; i < pixels; ++i) {
      const double value = 65535.0 * static_cast<double>(i) / static_cast<double>(pixels - 1);
      for (size_t c = 0; c < 3; ++c) {
        ASSERT_EQ(image.rgb[i * 3 + c], static_cast<int>(value) >> 8) << file << " pixel " << i;
      }
    }
    sections.tested();
  }
  sections.finish();
}

}  // namespace
}  // namespace recto
