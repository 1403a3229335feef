#include "curate/splits.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"

namespace recto {
namespace {

using Counts = std::map<std::string, std::map<std::string, int>>;

Counts count(const std::map<std::string, std::string>& languages,
             const std::map<std::string, std::string>& splits) {
  Counts counts;
  for (const auto& [family, split] : splits) ++counts[languages.at(family)][split];
  return counts;
}

TEST(StratifiedSplits, EachLanguageIsDividedByTheShares) {
  const std::map<std::string, int> sizes = {{"en", 200}, {"de", 30}, {"fr", 10}, {"pl", 7}};
  std::map<std::string, std::string> languages;
  for (const auto& [language, size] : sizes) {
    for (int i = 0; i < size; ++i) languages[fmt::format("{} {}", language, i)] = language;
  }
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const Counts counts = count(languages, assign_splits(languages, {}, {0.2, 0.1, seed}));
    for (const auto& [language, size] : sizes) {
      const auto of = [&](const char* split) {
        const auto found = counts.at(language).find(split);
        return found == counts.at(language).end() ? 0 : found->second;
      };
      const auto near = [&](double share) { return std::max(0.2 * share * size, 0.999); };
      EXPECT_LE(std::abs(of("test") - 0.1 * size), near(0.1)) << language << " " << seed;
      EXPECT_LE(std::abs(of("validation") - 0.2 * size), near(0.2)) << language << " " << seed;
    }
    EXPECT_EQ(counts.at("de").at("test"), 3) << "exactly, where the share is a small whole number";
  }
}

TEST(StratifiedSplits, SmallLanguagesAreHeldOutAsOftenAsOthers) {
  std::map<std::string, std::string> languages;
  for (int i = 0; i < 400; ++i) languages[fmt::format("f{}", i)] = fmt::format("l{}", i / 2);
  std::map<std::string, int> total;
  for (const auto& [family, split] : assign_splits(languages, {}, {0.1, 0.1, 1})) ++total[split];
  EXPECT_NEAR(total["test"], 40, 20);
  EXPECT_NEAR(total["validation"], 40, 20);
}

TEST(StratifiedSplits, FamiliesStayWhenOthersOfTheirLanguageCome) {
  std::map<std::string, std::string> languages;
  for (int i = 0; i < 100; ++i) languages[fmt::format("f{}", i)] = i % 2 == 0 ? "en" : "de";
  const auto before = assign_splits(languages, {}, {0.1, 0.1, 4});
  for (int i = 0; i < 20; ++i) languages[fmt::format("fr{}", i)] = "fr";
  auto after = assign_splits(languages, {}, {0.1, 0.1, 4});
  for (const auto& [family, split] : before) EXPECT_EQ(after.at(family), split) << family;
  languages["new"] = "en";
  after = assign_splits(languages, {}, {0.1, 0.1, 4});
  int moved = 0;
  for (const auto& [family, split] : before) moved += after.at(family) == split ? 0 : 1;
  EXPECT_LE(moved, 4) << "one more family moves none but those at the borders";
}

TEST(StratifiedSplits, PinnedFamiliesStayAndDoNotCount) {
  std::map<std::string, std::string> languages;
  for (int i = 0; i < 10; ++i) languages[fmt::format("f{}", i)] = "en";
  const auto splits =
      assign_splits(languages, {{"f1", "test"}, {"f2", "test"}, {"f3", "validation"}}, {0, 0, 0});
  EXPECT_EQ(count(languages, splits)["en"],
            (std::map<std::string, int>{{"test", 2}, {"validation", 1}, {"train", 7}}));
}

std::map<std::string, std::string> of_one_language(size_t families) {
  std::map<std::string, std::string> languages;
  for (size_t i = 0; i < families; ++i) languages[fmt::format("family-{}", i)] = "en";
  return languages;
}

TEST(Splits, SharesHoldAndAFamilyStaysWhenOthersCome) {
  const auto splits = assign_splits(of_one_language(2000), {}, {0.2, 0.1, 7});
  std::map<std::string, int> counts;
  for (const auto& [family, split] : splits) ++counts[split];
  EXPECT_NEAR(counts["test"], 200, 45);
  EXPECT_NEAR(counts["validation"], 400, 60);
  auto more = of_one_language(2000);
  more["family-new"] = "en";
  const auto again = assign_splits(more, {}, {0.2, 0.1, 7});
  for (const auto& [family, split] : splits) EXPECT_EQ(again.at(family), split);
  EXPECT_NE(assign_splits(of_one_language(2000), {}, {0.2, 0.1, 8}), splits) << "the seed matters";
}

TEST(Splits, FewFamiliesStillFillTheSplitsAndTrainKeepsOne) {
  const std::map<size_t, std::set<std::string>> wanted = {
      {1, {"train"}}, {2, {"train", "test"}}, {3, {"train", "test", "validation"}}};
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (const auto& [count, names] : wanted) {
      std::set<std::string> found;
      for (const auto& [family, split] :
           assign_splits(of_one_language(count), {}, {1e-9, 1e-9, seed})) {
        found.insert(split);
      }
      EXPECT_EQ(found, names) << seed;
    }
  }
}

TEST(Splits, TrainIsNeverEmptyWhileAFamilyIsNotPinned) {
  auto with_pinned = of_one_language(1);
  with_pinned["pinned"] = "en";
  auto of_two_languages = of_one_language(1);
  of_two_languages["family-de"] = "de";
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto has_train = [seed](const auto& languages,
                                  const std::map<std::string, std::string>& pinned) {
      const auto splits = assign_splits(languages, pinned, {0.1, 0.1, seed});
      return std::any_of(splits.begin(), splits.end(),
                         [](const auto& entry) { return entry.second == "train"; });
    };
    EXPECT_TRUE(has_train(of_one_language(1), {})) << seed;
    EXPECT_TRUE(has_train(of_one_language(2), {})) << seed;
    EXPECT_TRUE(has_train(of_two_languages, {})) << seed;
    EXPECT_TRUE(has_train(with_pinned, {{"pinned", "validation"}})) << seed;
    EXPECT_FALSE(has_train(of_one_language(1), {{"family-0", "test"}}))
        << "all of them are the test";
  }
}

TEST(Splits, SharesThatCannotBeAreRefused) {
  for (const auto& [validation, test] :
       std::vector<std::pair<double, double>>{{-0.1, 0}, {0, -0.1}, {0.5, 0.5}, {0.0 / 0.0, 0}}) {
    try {
      assign_splits(of_one_language(1), {}, {validation, test, 0});
      ADD_FAILURE() << validation << " " << test;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
    }
  }
}

/// Two documents of families f0 (train) and f1 (test), a page and a query each.
struct Scene {
  Corpus corpus;
  std::vector<CorpusQuery> queries;

  Scene() {
    corpus.documents = {{"d0", "f0", "train"}, {"d1", "f1", "test"}};
    corpus.pages.resize(2);
    corpus.pages[1].document = 1;
    queries.resize(2);
    queries[0].folded = "oil";
    queries[1].folded = "pump";
    queries[0].pages = {0};
    queries[1].pages = {1};
  }
};

TEST(SplitsApart, WhatCrossesIsFound) {
  struct Case {
    const char* message;  ///< null when all is well
    std::function<void(Scene&)> change;
  };
  const Case cases[] = {
      {nullptr, [](Scene&) {}},
      {"family f0", [](Scene& s) { s.corpus.documents[1].family = "f0"; }},
      {"group of near-duplicates 3",
       [](Scene& s) { s.corpus.pages[0].group = s.corpus.pages[1].group = 3; }},
      {nullptr,
       [](Scene& s) {
         for (CorpusPage& page : s.corpus.pages) {
           page.group = 3;
           page.boilerplate = true;
         }
       }},
      {"query oil", [](Scene& s) { s.queries[1].folded = "oil"; }},
      {"query oil", [](Scene& s) { s.queries[0].pages = {0, 1}; }},
  };
  for (const Case& test : cases) {
    Scene scene;
    test.change(scene);
    try {
      check_splits_apart(scene.corpus, scene.queries);
      EXPECT_EQ(test.message, nullptr);
    } catch (const Error& error) {
      ASSERT_NE(test.message, nullptr) << error.what();
      EXPECT_EQ(error.code(), ErrorCode::kInternal);
      EXPECT_THAT(error.what(), ::testing::HasSubstr(test.message));
    }
  }
}

}  // namespace
}  // namespace recto
