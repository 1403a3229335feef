#include "curate/families.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/error.h"
#include "curate/splits.h"

namespace recto {
namespace {

TEST(Families, NameKeys) {
  const std::map<std::string, std::string> cases = {
      {"/a/debian-faq.de.pdf", "debian-faq"},
      {"/a/debian-faq.pdf", "debian-faq"},
      {"/a/Debian-FAQ.pt-br.pdf", "debian-faq"},
      {"/a/debian-faq.zh_CN.pdf", "debian-faq"},
      {"/a/maint-guide_fr.pdf", "maint-guide"},
      {"/a/report-2021.pdf", "report-2021"},
      {"/a/de.pdf", "de"},
      {"/a/plan-us.pdf", "plan-us"},
      {"/docs/gimp-help-de/manual.pdf", "gimp-help/manual"},
      {"/docs/other/manual.fr.pdf", "other/manual"},
  };
  for (const auto& [path, wanted] : cases) EXPECT_EQ(name_key(path), wanted) << path;
}

TEST(Families, TitlesThatSayNothingJoinNothing) {
  for (const char* title : {"", "untitled", "Untitled Document", "Document1", "42", "Manual"}) {
    EXPECT_EQ(title_key(title), "") << title;
  }
  EXPECT_EQ(title_key("  The  Debian\tFAQ "), "the debian faq");
}

TEST(Families, ComponentsDoNotDependOnTheOrder) {
  // a - b by name, b - c by title, d alone, e - f by folder, g - d by a link.
  const std::vector<FamilyMember> members = {
      {"a", "/x/guide-to-it.de.pdf", "", false}, {"b", "/y/guide-to-it.fr.pdf", "The Book", false},
      {"c", "/z/other.pdf", "the book", false},  {"d", "/z/alone.pdf", "", false},
      {"e", "/scans/1.png", "", true},           {"f", "/scans/2.png", "", true},
      {"g", "/z/linked.pdf", "", false}};
  const auto families = find_families(members, {{6, 3}});
  EXPECT_EQ(families, (std::vector<std::string>{"family-a", "family-a", "family-a", "family-d",
                                                "family-e", "family-e", "family-d"}));
  std::vector<FamilyMember> reversed(members.rbegin(), members.rend());
  const auto again = find_families(reversed, {{0, 3}});
  EXPECT_EQ(std::vector<std::string>(again.rbegin(), again.rend()), families);
}

std::set<std::string> many_families() {
  std::set<std::string> families;
  for (int i = 0; i < 2000; ++i) families.insert("family-" + std::to_string(i));
  return families;
}

TEST(Splits, SharesHoldAndAFamilyStaysWhenOthersCome) {
  const auto splits = assign_splits(many_families(), {}, {0.2, 0.1, 7});
  std::map<std::string, int> counts;
  for (const auto& [family, split] : splits) ++counts[split];
  EXPECT_NEAR(counts["test"], 200, 45);
  EXPECT_NEAR(counts["validation"], 400, 60);
  auto more = many_families();
  more.insert("family-new");
  const auto again = assign_splits(more, {}, {0.2, 0.1, 7});
  for (const auto& [family, split] : splits) EXPECT_EQ(again.at(family), split);
  EXPECT_NE(assign_splits(many_families(), {}, {0.2, 0.1, 8}), splits) << "the seed matters";
}

TEST(Splits, PinnedFamiliesAreTest) {
  const auto splits = assign_splits({"a", "b", "c"}, {"b"}, {0, 0, 0});
  EXPECT_EQ(splits,
            (std::map<std::string, std::string>{{"a", "train"}, {"b", "test"}, {"c", "train"}}));
}

TEST(Splits, FewFamiliesStillFillTheSplitsAndTrainKeepsOne) {
  const std::map<size_t, std::set<std::string>> wanted = {
      {1, {"train"}}, {2, {"train", "test"}}, {3, {"train", "test", "validation"}}};
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (const auto& [count, names] : wanted) {
      std::set<std::string> families;
      for (size_t i = 0; i < count; ++i) families.insert("f" + std::to_string(i));
      std::set<std::string> found;
      for (const auto& [family, split] : assign_splits(families, {}, {1e-9, 1e-9, seed})) {
        found.insert(split);
      }
      EXPECT_EQ(found, names) << seed;
    }
  }
}

TEST(Splits, SharesThatCannotBeAreRefused) {
  for (const auto& [validation, test] :
       std::vector<std::pair<double, double>>{{-0.1, 0}, {0, -0.1}, {0.5, 0.5}, {0.0 / 0.0, 0}}) {
    try {
      assign_splits({"a"}, {}, {validation, test, 0});
      ADD_FAILURE() << validation << " " << test;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
    }
  }
}

TEST(Splits, AFamilyInTwoSplitsIsFound) {
  check_families_apart({"a", "b", "a"}, {"train", "test", "train"});
  EXPECT_THROW(check_families_apart({"a", "b", "a"}, {"train", "test", "test"}), Error);
}

}  // namespace
}  // namespace recto
