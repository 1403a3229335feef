#include "curate/provenance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "curate/csv.h"

namespace recto {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Csv, FieldsAsRfc4180HasThem) {
  const auto rows = parse_csv(
      "\xEF\xBB\xBF"
      "a,\"b, with comma\",\"with \"\"quotes\"\"\"\r\n\n,\"two\nlines\",\r\nlast,\"\",x",
      "f.csv");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_THAT(rows[0].fields, ElementsAre("a", "b, with comma", "with \"quotes\""));
  EXPECT_THAT(rows[1].fields, ElementsAre("", "two\nlines", ""));
  EXPECT_THAT(rows[2].fields, ElementsAre("last", "", "x"));
  EXPECT_EQ(rows[1].line, 3);
  EXPECT_EQ(rows[2].line, 5);
  EXPECT_TRUE(parse_csv("", "f.csv").empty());
  EXPECT_TRUE(parse_csv("\n\r\n", "f.csv").empty());
}

std::string error_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    return error.what();
  }
  return "no error";
}

TEST(Csv, WhatIsMalformedIsNamedWithItsLine) {
  const auto message = [](const std::string& text) {
    return error_of([&] { parse_csv(text, "f.csv"); });
  };
  EXPECT_EQ(message("a,b\nc,\"d"), "f.csv, line 2: a quote that is never closed");
  EXPECT_THAT(message("a\"b,c"), HasSubstr("f.csv, line 1: a quote inside a field"));
  EXPECT_EQ(message("a\n\"b\"c"), "f.csv, line 2: text after a closing quote");
  EXPECT_THAT(message("caf\xE9"), HasSubstr("f.csv: it is not UTF-8"));
  EXPECT_THAT(message(std::string("a\0b", 3)), HasSubstr("f.csv: it is not UTF-8"));
}

/// The title for a file, "none" when no row is for it.
std::string title(const Provenance& provenance, const SourcePlace& place) {
  const auto row = provenance.find(place);
  return row ? provenance.facts(*row).title : "none";
}

TEST(Provenance, TheFirstRowThatMatchesIsTheOne) {
  const Provenance provenance = Provenance::parse(
      "title,glob,license\n"
      "special,manual.pdf,MIT\n"
      "folder,sub/*.pdf,CC0\n"
      "brackets,report [2].pdf,CC0\n"
      "archive,docs.zip,CC0\n"
      "in archive,*.zip/x/*,CC0\n"
      "absolute,/data/in/abs.pdf,CC0\n"
      "given,in/here.pdf,CC0\n"
      "all pdf,*.pdf,CC-BY-4.0\n",
      "f.csv");
  EXPECT_EQ(provenance.facts(0).licence, "MIT");
  EXPECT_EQ(title(provenance, {"/data/in/manual.pdf", 9}), "special");
  EXPECT_EQ(title(provenance, {"/data/in/sub/manual.pdf", 9}), "special");
  EXPECT_EQ(title(provenance, {"/data/in/sub/deep/other.pdf", 9}), "folder");
  EXPECT_EQ(title(provenance, {"/data/in/other/sub/x.pdf", 9}), "all pdf");
  EXPECT_EQ(title(provenance, {"/data/in/report [2].pdf", 9}), "brackets");
  EXPECT_EQ(title(provenance, {"/data/in/docs.zip/a/manual.pdf", 9, 17}), "special");
  EXPECT_EQ(title(provenance, {"/data/in/docs.zip/a/b.pdf", 9, 17}), "archive");
  EXPECT_EQ(title(provenance, {"/data/in/more.zip/x/b.png", 9, 17}), "in archive");
  EXPECT_EQ(title(provenance, {"/data/in/abs.pdf", 9}), "absolute");
  EXPECT_EQ(title(provenance, {"in/here.pdf", 3}), "given");
  EXPECT_EQ(title(provenance, {"/data/in/a.pdf.gz", 9, 0, 3}), "all pdf");
  EXPECT_EQ(title(provenance, {"/data/in/a.png", 9}), "none");
}

TEST(Provenance, AllColumnsAreRead) {
  const Provenance provenance = Provenance::parse(
      "Glob , Title,Licence,URL,Language\n*, A title ,GPL-2.0,https://example.org/?a=1,pt-BR\n",
      "f.csv");
  const SourceFacts& facts = provenance.facts(0);
  EXPECT_EQ(facts.title, "A title");
  EXPECT_EQ(facts.licence, "GPL-2.0");
  EXPECT_EQ(facts.url, "https://example.org/?a=1");
  EXPECT_EQ(facts.language, "pt-BR");
}

TEST(Provenance, WhatIsWrongIsNamedWithItsLine) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "f.csv: it has no header"},
      {"glob,author\n", "f.csv, line 1: unknown column \"author\"; the columns are"},
      {"glob;title\n", "f.csv, line 1: unknown column \"glob;title\""},
      {"title,licence\n", "f.csv, line 1: the header has no column glob"},
      {"glob,licence,license\n", "f.csv, line 1: the column licence stands twice"},
      {"glob,title\n\na.pdf\n", "f.csv, line 3: 1 fields, but the header has 2"},
      {"glob,title\na.pdf,a,b\n", "f.csv, line 2: 3 fields"},
      {"glob,title\n,a\n", "f.csv, line 2: the glob is empty"},
      {"glob\na.pdf\nb.pdf\na.pdf\n", "f.csv, line 4: the glob \"a.pdf\" stands twice"},
      {"glob,title\na.pdf,\"a\nb\"\n", "f.csv, line 2: title has control characters"},
      {"glob,language\na.pdf,en\nb.pdf,English language\n", "f.csv, line 3: \"English language\""},
      {"glob,language\na.pdf,e\n", "line 2: \"e\" is no language tag"},
      {"glob,language\na.pdf,en-\n", "line 2: \"en-\" is no language tag"},
  };
  for (const auto& [text, reason] : cases) {
    EXPECT_THAT(error_of([&] { Provenance::parse(text, "f.csv"); }), HasSubstr(reason)) << text;
  }
}

}  // namespace
}  // namespace recto
