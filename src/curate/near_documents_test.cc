#include "curate/near_documents.h"

#include <gtest/gtest.h>

#include "curate/families.h"

namespace recto {
namespace {

/// Documents of `pages` pages each; groups are given as lists of (document, page from 0).
struct Library {
  std::vector<uint32_t> document_of_page;
  std::vector<size_t> first;
  std::vector<std::string> families;
  NearDuplicates near;

  Library(const std::vector<std::pair<int, std::string>>& documents,
          const std::vector<std::vector<std::pair<int, int>>>& groups) {
    for (size_t i = 0; i < documents.size(); ++i) {
      first.push_back(document_of_page.size());
      families.push_back(documents[i].second);
      document_of_page.insert(document_of_page.end(), static_cast<size_t>(documents[i].first),
                              static_cast<uint32_t>(i));
    }
    near.group.assign(document_of_page.size(), kNoGroup);
    for (const auto& group : groups) {
      for (const auto& [document, page] : group) {
        near.group[first[static_cast<size_t>(document)] + static_cast<size_t>(page)] =
            static_cast<uint32_t>(near.group_names.size());
      }
      near.group_names.push_back("near-" + std::to_string(near.group_names.size()));
    }
  }

  DocumentLinks links() const { return link_documents(near, document_of_page, families); }
};

using Links = std::vector<std::pair<size_t, size_t>>;

TEST(NearDocuments, ThreePercentOfOneOfTheTwo) {
  // 3 of 100 pages; 2 of 100 and of 100; 2 of 100, which are 4 % of the other.
  const std::vector<std::vector<std::pair<int, int>>> three = {
      {{0, 1}, {1, 5}}, {{0, 2}, {1, 6}}, {{0, 3}, {1, 7}}};
  EXPECT_EQ(Library({{100, "a"}, {1000, "b"}}, three).links().links, (Links{{0, 1}}));
  EXPECT_EQ(Library({{101, "a"}, {1000, "b"}}, three).links().links, Links{});
  const std::vector<std::vector<std::pair<int, int>>> two = {{{0, 1}, {1, 5}}, {{0, 2}, {1, 6}}};
  EXPECT_EQ(Library({{100, "a"}, {100, "b"}}, two).links().links, Links{});
  EXPECT_EQ(Library({{100, "a"}, {50, "b"}}, two).links().links, (Links{{0, 1}}));
}

TEST(NearDocuments, SeveralPagesInOneGroupCountEach) {
  EXPECT_EQ(Library({{100, "a"}, {100, "b"}}, {{{0, 1}, {0, 2}, {0, 3}, {1, 9}}}).links().links,
            (Links{{0, 1}}));
}

TEST(NearDocuments, AGroupOfFiveFamiliesIsBoilerplate) {
  const std::vector<std::vector<std::pair<int, int>>> all = {
      {{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}}};
  const Library five({{2, "a"}, {2, "b"}, {2, "c"}, {2, "d"}, {2, "e"}}, all);
  EXPECT_EQ(five.links().boilerplate, std::vector<uint8_t>{1});
  EXPECT_EQ(five.links().links, Links{});
  // The same five documents in four families; (3, 4) are together already.
  const Library four({{2, "a"}, {2, "b"}, {2, "c"}, {2, "d"}, {2, "d"}}, all);
  EXPECT_EQ(four.links().boilerplate, std::vector<uint8_t>{0});
  EXPECT_EQ(four.links().links.size(), 9u);
}

TEST(NearDocuments, BlankPagesJoinNothing) {
  Library library({{2, "a"}, {2, "b"}}, {{{0, 1}, {1, 1}}});
  EXPECT_EQ(library.links().links, (Links{{0, 1}}));
  library.near.group_names[0] = kBlankGroup;
  EXPECT_EQ(library.links().links, Links{});
  EXPECT_EQ(library.links().boilerplate, std::vector<uint8_t>{1});
}

TEST(NearDocuments, PagesWithoutInkJoinNothing) {
  // One group of headers alone, one that has a page with more in it.
  const Library library({{2, "a"}, {2, "b"}, {2, "c"}},
                        {{{0, 1}, {1, 1}}, {{0, 0}, {1, 0}, {2, 0}}});
  EXPECT_EQ(library.links().links.size(), 3u);
  const std::vector<uint8_t> sparse = {0, 1, 1, 1, 0, 0};
  const DocumentLinks links =
      link_documents(library.near, library.document_of_page, library.families, sparse);
  EXPECT_EQ(links.boilerplate, (std::vector<uint8_t>{1, 0}));
  EXPECT_EQ(links.links, (Links{{0, 2}}));
  // They still count for what spans many families.
  const Library many({{1, "a"}, {1, "b"}, {1, "c"}, {1, "d"}, {1, "e"}},
                     {{{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}}});
  const std::vector<uint8_t> three = {0, 0, 1, 1, 1};
  EXPECT_EQ(link_documents(many.near, many.document_of_page, many.families, three).boilerplate[0],
            1);
}

TEST(NearDocuments, LinksMakeFamilies) {
  const Library library({{10, "a"}, {10, "b"}, {10, "c"}}, {{{0, 1}, {2, 5}}});
  const std::vector<FamilyMember> members = {{"1", "/x/alpha-guide.pdf", "", false},
                                             {"2", "/x/beta-guide.pdf", "", false},
                                             {"3", "/x/gamma-guide.pdf", "", false}};
  const auto families = find_families(members, library.links().links);
  EXPECT_EQ(families[0], families[2]);
  EXPECT_NE(families[0], families[1]);
}

}  // namespace
}  // namespace recto
