#pragma once
// Families to train, validation and test.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace recto {

struct SplitSettings {
  double validation_share = 0.1;
  double test_share = 0.1;
  uint64_t seed = 0;
};

/// The split of each family. A family of `pinned` is test. Another one is where the number in
/// [0, 1) that SHA-256 of "SEED FAMILY" gives falls: test, validation, train from 0 up, so that a
/// family stays where it is when others come or go. When test or validation has a share but no
/// family, it gets the train family with the smallest number, as long as train keeps one.
/// Throws Error(kUsage) for shares below 0 or of together 1 or more.
std::map<std::string, std::string> assign_splits(const std::set<std::string>& families,
                                                 const std::set<std::string>& pinned,
                                                 const SplitSettings& settings);

/// Throws Error(kInternal) when a family is in two splits.
void check_families_apart(const std::vector<std::string>& families,
                          const std::vector<std::string>& splits);

}  // namespace recto
