#include "page/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <webp/encode.h>

#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "page/encode.h"

namespace recto {
namespace {
using testing::HasSubstr;

Image plain(int width, int height) {
  return {width, height,
          std::vector<uint8_t>(static_cast<size_t>(width) * static_cast<size_t>(height) * 3, 90)};
}

Image busy(int width, int height) {
  Image image = plain(width, height);
  uint32_t state = 1;
  for (auto& value : image.rgb) {
    state = state * 1664525 + 1013904223;
    value = static_cast<uint8_t>(state >> 24);
  }
  return image;
}

std::string webp(const Image& image) {
  uint8_t* data = nullptr;
  const size_t size =
      WebPEncodeLosslessRGB(image.rgb.data(), image.width, image.height, image.width * 3, &data);
  const std::string bytes(reinterpret_cast<char*>(data), size);
  WebPFree(data);
  return bytes;
}

// A GIF of one black pixel that claims a screen of width x height.
std::string gif(int width, int height) {
  const auto word = [](int value) {
    return std::string{static_cast<char>(value & 255), static_cast<char>(value >> 8)};
  };
  return "GIF89a" + word(width) + word(height) + std::string("\x80\0\0", 3) +
         std::string("\0\0\0\xFF\xFF\xFF", 6) + "," + word(0) + word(0) + word(1) + word(1) +
         std::string("\0\x02\x02\x44\x01\0;", 7);
}

std::string with_u32(std::string bytes, size_t offset, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) bytes[offset + i] = static_cast<char>(value >> (24 - 8 * i));
  return bytes;
}

// CRC-32 of a PNG chunk, so that a forged header is believed.
std::string with_png_size(std::string bytes, uint32_t width, uint32_t height) {
  bytes = with_u32(with_u32(std::move(bytes), 16, width), 20, height);
  uint32_t crc = 0xFFFFFFFF;
  for (size_t i = 12; i < 29; ++i) {
    crc ^= static_cast<uint8_t>(bytes[i]);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  return with_u32(std::move(bytes), 29, ~crc);
}

std::string with_jpeg_size(std::string bytes, int width, int height) {
  const size_t frame = bytes.find("\xFF\xC0");
  for (const auto& [offset, value] : {std::pair{5, height}, {7, width}}) {
    bytes[frame + static_cast<size_t>(offset)] = static_cast<char>(value >> 8);
    bytes[frame + static_cast<size_t>(offset) + 1] = static_cast<char>(value);
  }
  return bytes;
}

struct Outcome {
  ErrorCode code;
  std::string message;
};

Outcome outcome(const std::string& bytes, const ImageLimits& limits = {}) {
  try {
    decode_image(as_bytes(bytes), "scan 7", limits);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {ErrorCode::kInternal, "no error"};
}

TEST(Decode, OnePixelInEveryFormat) {
  const Image dot{1, 1, {0, 0, 0}};
  for (const auto& bytes : {encode_png(dot), encode_jpeg(dot, 90), webp(dot), gif(1, 1)}) {
    EXPECT_EQ(decode_image(as_bytes(bytes), "dot").rgb, dot.rgb) << image_format(as_bytes(bytes));
  }
}

TEST(Decode, FormatIsToldByTheFirstBytes) {
  EXPECT_EQ(image_format(as_bytes(encode_png(plain(2, 2)))), "png");
  EXPECT_EQ(image_format(as_bytes(encode_jpeg(plain(2, 2), 80))), "jpeg");
  EXPECT_EQ(image_format(as_bytes(webp(plain(2, 2)))), "webp");
  EXPECT_EQ(image_format(as_bytes(gif(2, 2))), "gif");
  for (const char* other : {"", "%PDF-1.7", "RIFF", "RIFFxxxxWAVE", "GIF88a", "\xFF\xD8"}) {
    EXPECT_EQ(image_format(as_bytes(std::string_view(other))), "") << other;
  }
}

TEST(Decode, WhatIsNoImageIsNamed) {
  const Outcome empty = outcome("");
  EXPECT_EQ(empty.code, ErrorCode::kBadInput);
  EXPECT_EQ(empty.message, "scan 7: the file is empty");
  const Outcome text = outcome("Dear reader,");
  EXPECT_EQ(text.code, ErrorCode::kBadInput);
  EXPECT_THAT(text.message, HasSubstr("scan 7: not an image"));
}

TEST(Decode, EveryTruncationIsAnError) {
  const std::pair<std::string, std::string> files[] = {{"PNG", encode_png(busy(23, 17))},
                                                       {"JPEG", encode_jpeg(busy(23, 17), 90)},
                                                       {"WebP", webp(busy(23, 17))},
                                                       {"GIF", gif(1, 1)}};
  for (const auto& [kind, bytes] : files) {
    ASSERT_EQ(outcome(bytes).message, "no error") << kind;
    // All but the GIF's trailer, which lies behind its first picture.
    const size_t end = kind == "GIF" ? bytes.size() - 1 : bytes.size();
    for (size_t size = 16; size < end; ++size) {
      const Outcome result = outcome(bytes.substr(0, size));
      ASSERT_EQ(result.code, ErrorCode::kBadInput) << kind << " cut to " << size << " bytes";
      ASSERT_THAT(result.message, HasSubstr("scan 7: the " + kind)) << size;
    }
  }
}

TEST(Decode, DamageIsAnError) {
  std::string png = encode_png(busy(23, 17));
  png[png.size() / 2] ^= 1;
  EXPECT_EQ(outcome(png).code, ErrorCode::kBadInput);
  std::string jpeg = encode_jpeg(busy(23, 17), 90);
  std::fill(jpeg.begin() + static_cast<ptrdiff_t>(jpeg.size() / 2), jpeg.end() - 2, '\0');
  EXPECT_EQ(outcome(jpeg).code, ErrorCode::kBadInput);
}

// Cameras and scanners write such files; libjpeg warns of them and decodes every pixel.
TEST(Decode, StrayBytesInAJpegAreHarmless) {
  const std::string jpeg = encode_jpeg(busy(23, 17), 90);
  const Image whole = decode_image(as_bytes(jpeg), "whole");
  std::string between = jpeg;
  between.insert(between.find("\xFF\xC0"), "stray");
  for (const std::string& stray : {between, jpeg + "stray", jpeg + std::string(1000, '\0')}) {
    ASSERT_EQ(outcome(stray).message, "no error");
    EXPECT_EQ(decode_image(as_bytes(stray), "stray").rgb, whole.rgb);
  }
}

// The pixels are missing from these files: only a check of the header can give this error.
TEST(Decode, ForgedSizesAreRefusedByTheHeader) {
  const std::string png = encode_png(plain(2, 2));
  const std::string jpeg = encode_jpeg(plain(2, 2), 80);
  for (const auto& bytes :
       {with_png_size(png, 40000, 1), with_png_size(png, 1, 40000),
        with_png_size(png, 29000, 29000), with_png_size(png, 0x7FFFFFFF, 0x7FFFFFFF),
        with_jpeg_size(jpeg, 65000, 65000), with_jpeg_size(jpeg, 40000, 1), gif(65535, 65535),
        gif(40000, 1)}) {
    const Outcome result = outcome(bytes);
    EXPECT_EQ(result.code, ErrorCode::kLimit) << result.message;
    EXPECT_THAT(result.message, HasSubstr("scan 7: the image is "));
    EXPECT_THAT(result.message, HasSubstr("scale it down"));
  }
}

TEST(Decode, LimitsAreThoseOfTheCaller) {
  ImageLimits limits;
  limits.max_pixels = 100;
  EXPECT_EQ(outcome(encode_png(plain(10, 10)), limits).message, "no error");
  for (const auto& bytes : {encode_png(plain(10, 11)), encode_jpeg(plain(10, 11), 80),
                            webp(plain(10, 11)), gif(10, 11)}) {
    EXPECT_EQ(outcome(bytes, limits).code, ErrorCode::kLimit);
  }
  limits = {};
  limits.max_bytes = 20;
  EXPECT_EQ(outcome(encode_png(plain(2, 2)), limits).code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace recto
