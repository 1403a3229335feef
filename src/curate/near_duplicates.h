#pragma once
// Pages that are nearly the same: their pictures by perceptual hash, then their texts
// (docs/curation.md has what was measured of the rule).

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/group_names.h"
#include "page/perceptual_hash.h"

namespace recto {

struct NearDuplicateRule {
  int max_distance = 24;     ///< bits in which the hashes of a pair differ
  double min_jaccard = 0.8;  ///< of the word 3-grams, for a duplicate
  int few_words = 20;  ///< two pages with fewer words each are duplicates by their looks alone
};

/// All pages of a corpus, one entry each in the spans.
struct NearDuplicatePages {
  std::span<const PerceptualHash> hashes;
  std::span<const int> words;      ///< count_words() (word_grams.h) of the page's text
  std::span<const uint8_t> blank;  ///< 1 for a blank page (page_class.h), else 0
  /// Text and page id of page i, asked for when they are needed, by the calling thread alone. The
  /// text of most pages is never asked for, that of others once and rarely more.
  std::function<std::string(size_t)> text;
  std::function<std::string(size_t)> page_id;
};

/// Two pages whose hashes are near. A duplicate says the same; one that is not is "near": it is
/// kept, but never a negative of the other.
struct NearPair {
  uint32_t a = 0;  ///< a < b
  uint32_t b = 0;
  int distance = 0;
  double jaccard = 0;
  bool duplicate = false;
};

inline constexpr uint32_t kNoGroup = UINT32_MAX;

/// Pairs remembered for one page; where more are near it, all of them count and join groups.
inline constexpr uint32_t kMaxPairsPerPage = 32;

struct NearDuplicates {
  /// Ascending by (a, b). Pages with one picture and one text, or few words, are there as pairs of
  /// the first with each other one; further pairs with them are pairs with the first.
  std::vector<NearPair> pairs;
  uint64_t duplicate_pairs = 0;  ///< of all pages, also those that `pairs` leaves out
  uint64_t near_pairs = 0;
  /// Per page: its group (connected component of duplicates), or kNoGroup when it has no duplicate.
  /// Blank pages are one group, kBlankGroup by name.
  std::vector<uint32_t> group;
  /// near_group_name() (data/group_names.h) of the smallest page id in the group.
  std::vector<std::string> group_names;
};

/// Finds them among all pages. Blank pages take no part beyond being one group. The same result
/// whatever `threads` is, and the same groups in whatever order the pages come. Throws
/// Error(kInterrupted), and what the two functions throw.
NearDuplicates find_near_duplicates(const NearDuplicatePages& pages, int threads,
                                    const NearDuplicateRule& rule = {});

/// Whether two pages are duplicates or near by their hashes: what no negative may be.
bool are_near(const PerceptualHash& a, const PerceptualHash& b, const NearDuplicateRule& rule = {});

}  // namespace recto
