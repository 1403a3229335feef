#include "data/language_census.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace recto {
namespace {
using testing::ElementsAre;
using testing::Pair;

void add_pages(LanguageCensus& census, const std::string& language, float confidence, int pages) {
  PageRow row;
  row.language = language;
  row.language_confidence = confidence;
  for (int i = 0; i < pages; ++i) census.add(row);
}

void add_document(LanguageCensus& census, const std::string& language) {
  DocumentRow row;
  row.language = language;
  census.add(row);
}

TEST(LanguageCensus, NoiseIsNotListedButCounted) {
  LanguageCensus census;
  add_pages(census, "en", 0.99F, 100);
  add_pages(census, "gl", 0.5F, 3);   // some pages of a book in another language
  add_pages(census, "mg", 0.99F, 2);  // tables of numbers
  add_pages(census, "eu", 0.49F, 9);  // tables of names
  add_pages(census, "af", 0.07F, 1);
  add_pages(census, "", 0, 5);
  add_document(census, "en");
  EXPECT_THAT(census.listed(), ElementsAre("en", "gl"));
  EXPECT_THAT(census.unlisted(), ElementsAre(Pair("af", 1), Pair("eu", 9), Pair("mg", 2)));
}

TEST(LanguageCensus, ADocumentOrAQueryMakesALanguageOneOfTheDatasets) {
  LanguageCensus census;
  add_pages(census, "da", 0.9F, 1);  // a picture of one page
  add_document(census, "da");
  add_pages(census, "sk", 0.2F, 1);  // another, of which nothing sure is known
  add_document(census, "sk");
  add_document(census, "");
  QueryRow query;
  query.language = "pl";
  census.add(query);
  EXPECT_THAT(census.listed(), ElementsAre("da", "pl"));
  EXPECT_THAT(census.unlisted(), ElementsAre(Pair("sk", 1)));
}

TEST(LanguageCensus, LanguagesOfImportedPagesAreStated) {
  LanguageCensus census;
  add_pages(census, "fr", 0, 3);
  EXPECT_THAT(census.listed(), ElementsAre("fr"));
}

}  // namespace
}  // namespace recto
