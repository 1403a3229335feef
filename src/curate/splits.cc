#include "curate/splits.h"

#include <cmath>
#include <cstdlib>

#include "base/error.h"
#include "base/sha256.h"

namespace recto {

namespace {

/// Uniform in [0, 1) with 52 bits: the first 13 hexadecimal digits of the hash.
double number_of(const std::string& family, uint64_t seed) {
  const std::string digits = sha256_hex(fmt::format("{} {}", seed, family)).substr(0, 13);
  return std::ldexp(static_cast<double>(std::strtoull(digits.c_str(), nullptr, 16)), -52);
}

void check_shares(const SplitSettings& settings) {
  const double sum = settings.validation_share + settings.test_share;
  if (!(settings.validation_share >= 0) || !(settings.test_share >= 0) || !(sum < 1)) {
    fail(ErrorCode::kUsage,
         "shares of {} for validation and {} for test: each must be at least 0, and together they "
         "must be below 1",
         settings.validation_share, settings.test_share);
  }
}

}  // namespace

std::map<std::string, std::string> assign_splits(const std::set<std::string>& families,
                                                 const std::set<std::string>& pinned,
                                                 const SplitSettings& settings) {
  check_shares(settings);
  std::map<std::string, std::string> splits;
  std::map<double, std::string> train;  // by number
  std::map<std::string, int> counts;
  for (const std::string& family : families) {
    const double number = number_of(family, settings.seed);
    std::string split = "train";
    if (pinned.count(family) != 0 || number < settings.test_share) {
      split = "test";
    } else if (number < settings.test_share + settings.validation_share) {
      split = "validation";
    } else {
      train[number] = family;
    }
    ++counts[split];
    splits[family] = split;
  }
  const auto fill = [&](const std::string& split, double share) {
    if (share == 0 || counts[split] > 0 || train.size() < 2) return;
    splits[train.begin()->second] = split;
    train.erase(train.begin());
  };
  fill("test", settings.test_share);
  fill("validation", settings.validation_share);
  return splits;
}

void check_families_apart(const std::vector<std::string>& families,
                          const std::vector<std::string>& splits) {
  std::map<std::string, std::string> seen;
  for (size_t i = 0; i < families.size(); ++i) {
    const auto [found, added] = seen.emplace(families[i], splits[i]);
    if (!added && found->second != splits[i]) {
      fail(ErrorCode::kInternal, "the family {} is in the splits {} and {}", families[i],
           found->second, splits[i]);
    }
  }
}

}  // namespace recto
