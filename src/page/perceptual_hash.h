#pragma once
// A fingerprint of what a page looks like, for finding near-duplicates.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "page/gray.h"
#include "page/image.h"

namespace recto {

/// 256 bits; bit i is bit i % 64 of word i / 64.
using PerceptualHash = std::array<uint64_t, 4>;

/// pHash-256: the page in gray at 64 x 64 (reduce_to_gray, then Lanczos), its two-dimensional
/// DCT-II, the 16 x 16 lowest frequencies in row order without the constant term counted in the
/// median; a bit is set where the coefficient is above the median of the others. Integer
/// arithmetic: the same bits on every machine, and a page of one colour has bit 0 alone.
PerceptualHash perceptual_hash(const Image& image);
/// The same from reduce_to_gray(image).
PerceptualHash perceptual_hash(const GrayImage& reduced);

/// Bits in which two hashes differ, 0..256.
int hamming_distance(const PerceptualHash& a, const PerceptualHash& b);

/// 64 lower-case hexadecimal digits, bit 0 in the first digit's highest place.
std::string hash_text(const PerceptualHash& hash);
/// Throws Error(kBadInput) for anything else.
PerceptualHash parse_hash(std::string_view text);

}  // namespace recto
