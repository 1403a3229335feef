#include "curate/families.h"

#include <gtest/gtest.h>

#include <map>

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

}  // namespace
}  // namespace recto
