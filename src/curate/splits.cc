#include "curate/splits.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/sha256.h"

namespace recto {

namespace {

/// Uniform in [0, 1) with 52 bits: the first 13 hexadecimal digits of the hash.
double number_of(const std::string& family, uint64_t seed) {
  const std::string digits = sha256_hex(fmt::format("{} {}", seed, family)).substr(0, 13);
  return std::ldexp(static_cast<double>(std::strtoull(digits.c_str(), nullptr, 16)), -52);
}

/// Families by their numbers.
using Numbered = std::set<std::pair<double, std::string>>;

/// A split may have this much more or less than its share of a language's families.
constexpr double kTolerance = 0.2;

/// How many of `count` families are in a split whose share is `share`, when their numbers put
/// `found` there: `found`, unless it is further from the share than the next whole number and the
/// tolerance.
int64_t limited_count(size_t count, double share, int64_t found) {
  const double exact = static_cast<double>(count) * share;
  // A product such as 0.1 * 30 may be a little above the whole number it stands for.
  constexpr double kSlack = 1e-9;
  const double least =
      std::min(std::floor(exact + kSlack), std::ceil((1 - kTolerance) * exact - kSlack));
  const double most =
      std::max(std::ceil(exact - kSlack), std::floor((1 + kTolerance) * exact + kSlack));
  return std::clamp(found, static_cast<int64_t>(least), static_cast<int64_t>(most));
}

/// Divides the families of one language. Those of train are added to `train`.
void divide(const Numbered& families, const SplitSettings& settings,
            std::map<std::string, std::string>& splits, Numbered& train) {
  const double held_out = settings.test_share + settings.validation_share;
  int64_t test = 0;
  int64_t validation = 0;
  for (const auto& [number, family] : families) {
    if (number < settings.test_share) {
      ++test;
    } else if (number < held_out) {
      ++validation;
    }
  }
  test = limited_count(families.size(), settings.test_share, test);
  validation = limited_count(families.size(), settings.validation_share, validation);
  int64_t place = 0;
  for (const auto& numbered : families) {
    const bool in_test = place < test;
    const bool in_validation = !in_test && place < test + validation;
    splits[numbered.second] = in_test ? "test" : in_validation ? "validation" : "train";
    if (!in_test && !in_validation) train.insert(numbered);
    ++place;
  }
}

/// Sees to it that all items of one name are in one split.
class OneSplit {
 public:
  explicit OneSplit(const char* what) : what_(what) {}

  void see(const std::string& name, const std::string& split) {
    const auto [found, added] = seen_.emplace(name, &split);
    if (!added && *found->second != split) {
      fail(ErrorCode::kInternal, "{} {} is in the splits {} and {}", what_, name, *found->second,
           split);
    }
  }

 private:
  const char* what_;
  std::unordered_map<std::string, const std::string*> seen_;
};

}  // namespace

void check_settings(const SplitSettings& settings) {
  const auto check_share = [](const char* option, double share) {
    if (share >= 0 && share < 1) return;
    fail(ErrorCode::kUsage, "{} is {}; it must be at least 0 and below 1", option, share);
  };
  check_share("--validation-share", settings.validation_share);
  check_share("--test-share", settings.test_share);
  if (settings.validation_share + settings.test_share < 1) return;
  fail(ErrorCode::kUsage,
       "--validation-share {} and --test-share {} leave no family for training: together they must "
       "be below 1; lower one of them",
       settings.validation_share, settings.test_share);
}

std::map<std::string, std::string> assign_splits(
    const std::map<std::string, std::string>& languages,
    const std::map<std::string, std::string>& pinned, const SplitSettings& settings) {
  check_settings(settings);
  std::map<std::string, std::string> splits;
  std::map<std::string, Numbered> by_language;
  for (const auto& [family, language] : languages) {
    if (const auto named = pinned.find(family); named != pinned.end()) {
      splits[family] = named->second;
    } else {
      by_language[language].insert({number_of(family, settings.seed), family});
    }
  }
  Numbered train;
  Numbered drawn;
  for (const auto& [language, families] : by_language) {
    divide(families, settings, splits, train);
    drawn.insert(families.begin(), families.end());
  }
  if (train.empty() && !drawn.empty()) {
    train.insert(*drawn.rbegin());
    splits[drawn.rbegin()->second] = "train";
  }
  const auto fill = [&](const std::string& split, double share) {
    const bool empty = std::none_of(splits.begin(), splits.end(),
                                    [&](const auto& entry) { return entry.second == split; });
    if (share == 0 || !empty || train.size() < 2) return;
    splits[train.begin()->second] = split;
    train.erase(train.begin());
  };
  fill("test", settings.test_share);
  fill("validation", settings.validation_share);
  return splits;
}

void check_splits_apart(const Corpus& corpus, const std::vector<CorpusQuery>& queries) {
  OneSplit families("the family");
  for (const CorpusDocument& document : corpus.documents) {
    families.see(document.family, document.split);
  }
  OneSplit groups("the group of near-duplicates");
  for (size_t i = 0; i < corpus.pages.size(); ++i) {
    const CorpusPage& page = corpus.pages[i];
    if (page.group < 0 || page.boilerplate) continue;
    groups.see(std::to_string(page.group), corpus.document_of(static_cast<int32_t>(i)).split);
  }
  OneSplit words("the query");
  for (const CorpusQuery& query : queries) {
    for (const int32_t page : query.pages) {
      words.see(query.folded, corpus.document_of(page).split);
    }
  }
}

}  // namespace recto
