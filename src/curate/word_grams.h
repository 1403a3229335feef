#pragma once
// How much of their words two texts share: sets of word 3-grams and their Jaccard index.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace recto {

/// Words of a page text: maximal runs of letters and digits. A character of a script that is
/// written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) is a word of its own.
int count_words(std::string_view text);

/// The distinct word 3-grams of a text, each as 64 bits of its hash (FNV-1a of the words, ASCII
/// letters in lower case), ascending. A text of one or two words is one gram.
std::vector<uint64_t> word_grams(std::string_view text);

/// |a and b| / |a or b| of two ascending sets; 0 when both are empty.
double jaccard(std::span<const uint64_t> a, std::span<const uint64_t> b);

/// 2,048 bits, one for each gram by its hash: tells texts apart that share little, without a look
/// at their grams.
using GramSketch = std::array<uint64_t, 32>;
GramSketch sketch_of(std::span<const uint64_t> grams);

/// False when two texts of so many grams, with these sketches, have a Jaccard index below
/// `threshold` for certain. A gram whose bit the other sketch lacks is in one set only.
bool may_reach(double threshold, const GramSketch& a, size_t a_grams, const GramSketch& b,
               size_t b_grams);

}  // namespace recto
