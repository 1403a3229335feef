#pragma once
// Families to train, validation and test.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "curate/corpus.h"

namespace recto {

struct SplitSettings {
  double validation_share = 0.1;
  double test_share = 0.1;
  uint64_t seed = 0;
};

/// Throws Error(kUsage) naming the option for a share below 0, and for shares of together 1 or
/// more.
void check_settings(const SplitSettings& settings);

/// The split of each family; `languages` has the language of each. A family of `pinned` has
/// the split it is there with. Another one is where the number in [0, 1) that SHA-256 of "SEED
/// FAMILY" gives falls: test, validation, train from 0 up, so that a family stays where it is when
/// others come or go. Each language is divided for itself: of its n families that are not pinned,
/// the number in test (and in validation) is within a fifth of n * share or the next whole number
/// to it; where the numbers say otherwise, the families nearest to the border move. When test or
/// validation has a share but no family, it gets the train family with the smallest number, as long
/// as train keeps one; when train has none, it gets the one with the largest number of those that
/// are not pinned. Throws what check_settings() throws.
std::map<std::string, std::string> assign_splits(
    const std::map<std::string, std::string>& languages,
    const std::map<std::string, std::string>& pinned, const SplitSettings& settings);

/// The last check before anything is written: throws Error(kInternal), naming it, when a family, a
/// group of duplicate pages that is not boilerplate, or the words of a query are in two splits, or
/// a query has answers in two.
void check_splits_apart(const Corpus& corpus, const std::vector<CorpusQuery>& queries);

}  // namespace recto
