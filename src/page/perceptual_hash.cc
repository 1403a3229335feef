#include "page/perceptual_hash.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/error.h"

namespace recto {
namespace {

constexpr int kSide = 64;         // of the picture that is transformed
constexpr int kFrequencies = 16;  // kept in each direction
constexpr int kBits = kFrequencies * kFrequencies;
// Fractional bits of a cosine: two passes over 64 values of 8 bits stay below 2^61.
constexpr int kCosineBits = 20;

using CosineTable = std::array<std::array<int64_t, kSide>, kFrequencies>;

/// cos(pi m / 128) for any m >= 0, mirrored from the first quarter wave: rows of the table are
/// exactly symmetric or antisymmetric, so that a constant has no other frequency.
int64_t cosine(int m) {
  m %= 256;
  if (m > 128) m = 256 - m;
  if (m > 64) return -cosine(128 - m);
  return std::llround(std::cos(std::numbers::pi * m / 128) * (1 << kCosineBits));
}

CosineTable make_cosine_table() {
  CosineTable table{};
  for (int u = 0; u < kFrequencies; ++u) {
    for (int x = 0; x < kSide; ++x) table[u][x] = cosine((2 * x + 1) * u);
  }
  return table;
}

/// Coefficients [vertical frequency, horizontal frequency] of a 64 x 64 picture.
std::array<int64_t, kBits> low_frequencies(const std::vector<uint8_t>& gray) {
  static const CosineTable kCosines = make_cosine_table();
  std::array<std::array<int64_t, kSide>, kFrequencies> rows{};  // [horizontal frequency, y]
  for (int u = 0; u < kFrequencies; ++u) {
    for (int y = 0; y < kSide; ++y) {
      const uint8_t* row = gray.data() + y * kSide;
      for (int x = 0; x < kSide; ++x) rows[u][y] += kCosines[u][x] * row[x];
    }
  }
  std::array<int64_t, kBits> out{};
  for (int v = 0; v < kFrequencies; ++v) {
    for (int u = 0; u < kFrequencies; ++u) {
      int64_t& sum = out[v * kFrequencies + u];
      for (int y = 0; y < kSide; ++y) sum += kCosines[v][y] * rows[u][y];
    }
  }
  return out;
}

int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

// A digit's highest place is the lowest of its four bits.
constexpr int kReversed[16] = {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15};

}  // namespace

PerceptualHash perceptual_hash(const Image& image) {
  return perceptual_hash(reduce_to_gray(image));
}

PerceptualHash perceptual_hash(const GrayImage& reduced) {
  const std::array<int64_t, kBits> coefficients =
      low_frequencies(resize_gray(reduced, kSide, kSide, Filter::kLanczos).gray);
  std::array<int64_t, kBits - 1> others{};
  std::copy(coefficients.begin() + 1, coefficients.end(), others.begin());
  const auto middle = others.begin() + others.size() / 2;
  std::nth_element(others.begin(), middle, others.end());
  PerceptualHash hash{};
  for (size_t i = 0; i < kBits; ++i) {
    if (coefficients[i] > *middle) hash[i / 64] |= uint64_t{1} << (i % 64);
  }
  return hash;
}

int hamming_distance(const PerceptualHash& a, const PerceptualHash& b) {
  int distance = 0;
  for (size_t i = 0; i < a.size(); ++i) distance += std::popcount(a[i] ^ b[i]);
  return distance;
}

std::string hash_text(const PerceptualHash& hash) {
  std::string text;
  for (size_t i = 0; i < kBits; i += 4) {
    text += "0123456789abcdef"[kReversed[hash[i / 64] >> (i % 64) & 15]];
  }
  return text;
}

PerceptualHash parse_hash(std::string_view text) {
  PerceptualHash hash{};
  bool good = text.size() == kBits / 4;
  for (size_t digit = 0; good && digit < text.size(); ++digit) {
    const int value = digit_value(text[digit]);
    good = value >= 0;
    if (good) hash[digit / 16] |= uint64_t(kReversed[value]) << (4 * digit % 64);
  }
  if (!good) {
    fail(ErrorCode::kBadInput,
         "a perceptual hash has 64 lower-case hexadecimal digits, found \"{}\" ({} characters)",
         text.substr(0, 80), text.size());
  }
  return hash;
}

}  // namespace recto
