#include "curate/corpus_families.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace recto {
namespace {

using ::testing::ElementsAre;

constexpr int kPagesEach = 4;

/// A page of a document, both from 0.
using Place = std::pair<int, int>;

/// Documents "0", "1", ... of four pages each, with words and ink, and a name of its own each.
struct Library {
  Corpus corpus;
  NearDuplicates near;
  std::vector<FamilyMember> members;
  std::vector<std::pair<size_t, size_t>> translations;
  PageInk ink;

  Library(int documents, const std::vector<std::vector<Place>>& groups) {
    for (int document = 0; document < documents; ++document) {
      const std::string id = std::to_string(document);
      corpus.documents.push_back({id, "", ""});
      members.push_back({id, "/books/" + id + " of many.pdf", "", false});
      for (int page = 1; page <= kPagesEach; ++page) corpus.pages.push_back({document, page});
    }
    ink.words.assign(corpus.pages.size(), 300);
    ink.sparse.assign(corpus.pages.size(), 0);
    near.group.assign(corpus.pages.size(), kNoGroup);
    for (const auto& group : groups) {
      for (const Place& place : group) {
        near.group[at(place)] = static_cast<uint32_t>(near.group_names.size());
      }
      near.group_names.push_back("near-" + std::to_string(near.group_names.size()));
    }
  }

  static size_t at(const Place& place) {
    return static_cast<size_t>(place.first * kPagesEach + place.second);
  }

  std::vector<std::string> families() {
    join_families(corpus, near, members, translations, ink);
    std::vector<std::string> names;
    for (const CorpusDocument& document : corpus.documents) {
      names.push_back(document.family.substr(std::string("family-").size()));
    }
    return names;
  }
};

TEST(CorpusFamilies, DocumentsThatSharePagesAreOne) {
  Library library(5, {{{0, 1}, {2, 3}}, {{2, 0}, {3, 0}}});
  library.translations = {{1, 4}};
  EXPECT_THAT(library.families(), ElementsAre("0", "1", "0", "0", "1"));
  EXPECT_EQ(library.corpus.pages[Library::at({0, 1})].group, 0);
  EXPECT_EQ(library.corpus.pages[Library::at({2, 0})].group, 1);
  EXPECT_EQ(library.corpus.pages[Library::at({0, 0})].group, -1);
  EXPECT_FALSE(library.corpus.pages[Library::at({0, 1})].boilerplate);
}

TEST(CorpusFamilies, WhatManyFamiliesHaveIsBoilerplateAndJoinsNone) {
  const std::vector<std::vector<Place>> groups = {{{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}},
                                                  {{4, 2}, {5, 2}}};
  Library library(6, groups);
  EXPECT_THAT(library.families(), ElementsAre("0", "1", "2", "3", "4", "4"));
  EXPECT_TRUE(library.corpus.pages[Library::at({4, 1})].boilerplate);
  EXPECT_FALSE(library.corpus.pages[Library::at({4, 2})].boilerplate);
  // Pages that say nothing count for the many, too.
  Library headers(6, groups);
  headers.ink.sparse[Library::at({1, 1})] = headers.ink.sparse[Library::at({2, 1})] = 1;
  EXPECT_EQ(headers.families(), library.families());
  // In four families of five documents.
  Library four(6, groups);
  four.translations = {{0, 1}};
  EXPECT_THAT(four.families(), ElementsAre("0", "0", "0", "0", "0", "0"));
}

TEST(CorpusFamilies, BlankPagesJoinNone) {
  Library library(2, {{{0, 1}, {1, 1}}});
  library.near.group_names[0] = kBlankGroup;
  EXPECT_THAT(library.families(), ElementsAre("0", "1"));
  EXPECT_TRUE(library.corpus.pages[Library::at({1, 1})].boilerplate);
}

TEST(CorpusFamilies, AreJoinedUntilEachGroupIsInOneOrInMany) {
  // The first group is in five families until the second one makes two of them one.
  Library library(6, {{{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}}, {{0, 2}, {1, 2}}});
  EXPECT_THAT(library.families(), ElementsAre("0", "0", "0", "0", "0", "5"));
  EXPECT_FALSE(library.corpus.pages[Library::at({0, 1})].boilerplate);
}

TEST(CorpusFamilies, LooksAloneJoinNone) {
  // Title pages that look alike: two of one family stay a group, the third is a page of its own.
  Library library(3, {{{0, 0}, {1, 0}, {2, 0}}});
  library.translations = {{0, 1}};
  for (const Place& place : {Place(0, 0), Place(1, 0), Place(2, 0)}) {
    library.ink.words[Library::at(place)] = 5;
  }
  EXPECT_THAT(library.families(), ElementsAre("0", "0", "2"));
  EXPECT_EQ(library.near.group[Library::at({1, 0})], 0u);
  EXPECT_EQ(library.near.group[Library::at({2, 0})], kNoGroup);
  EXPECT_EQ(library.corpus.pages[Library::at({2, 0})].group, -1);
}

TEST(CorpusFamilies, PagesWithNextToNoInkAreBlank) {
  Library library(4, {{{0, 3}, {1, 3}}, {{2, 3}, {3, 3}}});
  for (const Place& place : {Place(0, 3), Place(1, 3), Place(2, 3)}) {
    library.ink.sparse[Library::at(place)] = 1;
  }
  EXPECT_THAT(library.families(), ElementsAre("0", "1", "2", "2"));
  EXPECT_THAT(library.near.group_names, ElementsAre(kBlankGroup, "near-1"));
}

}  // namespace
}  // namespace recto
