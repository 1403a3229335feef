#include "curate/cross_lingual.h"

#include <gtest/gtest.h>

#include "curate/outline_alignment.h"
#include "curate/test_document.h"

namespace recto {
namespace {

TEST(AlignOutlines, WholeOrByChaptersOfTheSameShape) {
  using Pairs = std::vector<std::pair<size_t, size_t>>;
  EXPECT_EQ(align_outlines({0, 1, 1}, {0, 1, 1}).pairs, (Pairs{{0, 0}, {1, 1}, {2, 2}}));
  // The second chapter of the one has a section more.
  const OutlineAlignment parts = align_outlines({0, 1, 0, 1, 1, 0, 1}, {0, 1, 0, 1, 0, 1});
  EXPECT_EQ(parts.pairs, (Pairs{{0, 0}, {1, 1}, {5, 4}, {6, 5}}));
  EXPECT_DOUBLE_EQ(parts.agreement, 8.0 / 13.0);
  EXPECT_TRUE(align_outlines({0, 0, 0}, {0, 0}).pairs.empty());
  EXPECT_DOUBLE_EQ(align_outlines({}, {0}).agreement, 0);
}

/// Twelve headings "WORD 0" …, each on the page of its place.
TranslatedWork work(const std::string& language, const std::string& word, int entries = 12) {
  TranslatedWork work;
  work.document_id = "doc-" + language;
  work.language = language;
  work.name_key = "guide";
  for (int i = 0; i < entries; ++i) {
    const std::string text = word + " " + std::to_string(i);
    work.outline.push_back({i % 3 == 0 ? 0 : 1, i + 1, text, word + std::to_string(i), i + 1});
  }
  return work;
}

TEST(TranslatedHeadings, ShortOnesAskWithWhatTheyStandUnder) {
  const std::string body = "\n" + std::string(450, 'x') + "\n";
  CuratedDocument document = test::document_of(
      {"Getting packages to work everywhere" + body + "Where is help?" + body + "Tools you need" +
           body + "Where can one find help when the package does not work?" + body,
       "Help" + body + "The reason of all efforts\nSee Section 1.2.\nMore than that" + body,
       "What the installed maintainer scripts of a package do on removal" + body},
      {{"Getting packages to work everywhere", 0, 1},
       {"Where is help?", 1, 1},
       {"Tools you need", 1, 1},
       {"Where can one find help when the package does not work?", 1, 1},
       {"Help", 0, 2},
       {"The reason of all efforts", 1, 2},
       {"More than that", 1, 2},
       {"What the installed maintainer scripts of a package do on removal", 0, 3}});
  document.title = "Packaging Tutorial";
  const std::pair<int, const char*> wanted[] = {
      {1, "Getting packages to work everywhere (Packaging Tutorial)"},
      {1, "Getting packages to work everywhere: Where is help? (Packaging Tutorial)"},
      {1, "Getting packages to work everywhere: Tools you need (Packaging Tutorial)"},
      {1, "Where can one find help when the package does not work? (Packaging Tutorial)"},
      {2, "Help (Packaging Tutorial)"},
      {0, ""},
      {2, "Help: More than that (Packaging Tutorial)"},
      {3, "What the installed maintainer scripts of a package do on removal (Packaging Tutorial)"}};
  Audit ignored;
  DocumentParts parts(document, ignored);
  const std::vector<TranslatedHeading> outline = translated_headings(parts);
  ASSERT_EQ(outline.size(), std::size(wanted));
  for (size_t i = 0; i < outline.size(); ++i) {
    EXPECT_EQ(outline[i].page, wanted[i].first) << wanted[i].second;
    EXPECT_EQ(outline[i].query, wanted[i].second);
  }
}

TEST(CrossLingual, AsksInOneLanguageForThePageOfTheOther) {
  std::vector<TranslatedWork> works = {work("en", "Heading"), work("de", "Überschrift")};
  works[1].outline[4].page = 99;
  works[1].outline[6].page =
      0;  // a chapter whose page does not answer it still ends the one before
  Audit audit;
  const auto queries = cross_lingual_queries(works, {}, audit);
  ASSERT_EQ(queries.size(), 23u);
  const CrossLingualCandidate& asked = queries[12 + 4];
  EXPECT_EQ(asked.document, 1u);
  EXPECT_EQ(asked.candidate.query, "Heading 4");
  EXPECT_EQ(asked.candidate.language, "en");
  EXPECT_EQ(asked.candidate.page, 99);
  EXPECT_EQ(asked.candidate.section, "Überschrift4");
  EXPECT_EQ(asked.candidate.kind, "cross_lingual");
  EXPECT_EQ(asked.candidate.outline_entry, 4);
  EXPECT_EQ(asked.candidate.within, (PageRange{4, 7})) << "from its chapter to the next";
  EXPECT_EQ(find_translations(works, {}), (std::vector<std::pair<size_t, size_t>>{{0, 1}}));
}

TEST(CrossLingual, OnlyTranslationsOfOneWork) {
  const TranslatedWork english = work("en", "Heading");
  const auto related = [&](TranslatedWork other) {
    return !find_translations({english, std::move(other)}, {}).empty();
  };
  EXPECT_TRUE(related(work("de", "x")));
  EXPECT_FALSE(related(work("en-GB", "x"))) << "the same language";
  EXPECT_FALSE(related(work("", "x"))) << "an unknown language";
  EXPECT_FALSE(related(work("de", "x", 9))) << "too few entries";
  EXPECT_FALSE(related(work("de", "x", 30))) << "other chapters";
  TranslatedWork other = work("de", "x");
  other.name_key = "manual";
  EXPECT_FALSE(related(other)) << "another work";
  other.family = "f";
  TranslatedWork relative = english;
  relative.family = "f";
  EXPECT_EQ(find_translations({relative, other}, {}).size(), 1u) << "one family";
}

TEST(CrossLingual, UntranslatedRepeatedAndMissingHeadingsAskForNothing) {
  std::vector<TranslatedWork> works = {work("en", "Heading"), work("de", "Überschrift"),
                                       work("fr", "Titre")};
  works[1].outline[0] = works[0].outline[0];                    // left in English
  works[1].outline[1].folded = "Überschrift2";                  // twice in its own outline
  works[1].outline[3].query = "";                               // short
  for (TranslatedWork& each : works) each.outline[5].page = 0;  // on no page
  CrossLingualSettings settings;
  settings.languages_per_heading = 0;
  Audit audit;
  std::set<std::string> asked;
  for (const auto& query : cross_lingual_queries(works, settings, audit)) {
    asked.insert(query.candidate.language + std::to_string(query.candidate.outline_entry) + ">" +
                 works[query.document].language);
  }
  EXPECT_EQ(asked.count("en0>de"), 0u) << "the same in both";
  EXPECT_EQ(asked.count("de0>fr"), 0u) << "English, as the third language shows";
  EXPECT_EQ(asked.count("de1>en"), 0u);
  EXPECT_EQ(asked.count("de3>en"), 0u);
  EXPECT_EQ(asked.count("en3>de"), 1u);
  EXPECT_EQ(asked.count("en5>de"), 0u);
  EXPECT_EQ(asked.count("fr4>de"), 1u);
  EXPECT_EQ(asked.count("en4>de"), 1u);
  EXPECT_FALSE(audit.rows().empty());
}

TEST(CrossLingual, LanguagesTakeTurns) {
  std::vector<TranslatedWork> works = {work("en", "a"), work("de", "b"), work("fr", "c"),
                                       work("it", "d")};
  CrossLingualSettings settings;
  settings.languages_per_heading = 1;
  Audit audit;
  std::map<std::string, int> askers;
  const auto queries = cross_lingual_queries(works, settings, audit);
  EXPECT_EQ(queries.size(), 48u);
  for (const auto& query : queries) ++askers[query.candidate.language];
  for (const auto& [language, count] : askers) EXPECT_EQ(count, 12) << language;
}

}  // namespace
}  // namespace recto
