// The small parts of validate, import and forget.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "data/dataset.h"
#include "data/forget_plan.h"
#include "data/group_names.h"
#include "data/hash_search.h"
#include "data/import_files.h"
#include "data/import_layouts.h"
#include "data/import_qrels.h"
#include "data/page_id.h"
#include "data/query_text.h"

namespace recto {
namespace {
using ::testing::ElementsAre;

const std::string kHash = sha256_hex("a document");
const std::string kOther = sha256_hex("another");

TEST(PageIdentity, IsReadOnlyAsItIsWritten) {
  EXPECT_EQ(make_page_id(kHash, 12), kHash + "-12");
  const auto id = parse_page_id(kHash + "-12");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->document_id, kHash);
  EXPECT_EQ(id->page_number, 12);
  for (const std::string& bad :
       {kHash, kHash + "-", kHash + "-0", kHash + "-01", kHash + "-1x", kHash + "-99999999999",
        kHash + "--1", kHash + "_1", kHash.substr(1) + "-1", "A" + kHash.substr(1) + "-1",
        kHash + "1-1", std::string()}) {
    EXPECT_FALSE(parse_page_id(bad).has_value()) << bad;
  }
}

TEST(GroupNames, AreThoseOfTheSmallestMember) {
  const std::string digits = kHash.substr(0, 16);
  EXPECT_EQ(family_name(kHash), "family-" + digits);
  EXPECT_EQ(family_name("a"), "family-a");
  const std::string near = near_group_name(make_page_id(kHash, 12));
  EXPECT_EQ(near, "near-" + digits + "-12");
  EXPECT_TRUE(is_near_group_name(near));
  EXPECT_FALSE(is_near_group_name(kBlankGroup));
}

TEST(QueryText, CaseAndWhiteSpaceMakeNoOtherQuery) {
  EXPECT_EQ(plain_query("  What IS\t\n it? "), "what is it?");
  EXPECT_EQ(plain_query("ÉTÉ"), "ÉtÉ") << "only ASCII is folded";
  EXPECT_EQ(plain_query(" \n"), "");
  EXPECT_EQ(trimmed("\t a b\r\n"), "a b");
  EXPECT_EQ(query_id_of("a").size(), 18u);
}

TEST(HashSearch, FindsIdsPrefixesAndWhatIsNamedAfterThem) {
  const HashSearch search({kHash});
  const std::string digits = kHash.substr(0, 16);
  for (const std::string& text :
       {kHash, kHash + "-3", "family-" + digits, "near-" + digits + "-7", "x" + kHash,
        kOther + kHash, "0" + kHash, digits + "0000", std::string("\x40\0\0\0", 4) + kHash}) {
    EXPECT_EQ(search.count(text), 1) << text;
  }
  for (const std::string& text :
       {kOther, digits.substr(1), digits.substr(0, 15), std::string(),
        "ABC" + std::string(100, 'f'), digits.substr(0, 8) + " " + digits.substr(8)}) {
    EXPECT_FALSE(search.contains(text)) << text;
  }
  EXPECT_EQ(search.count(kHash + kHash + " " + kHash), 3);
  EXPECT_EQ(search.count(kHash + kHash + " " + kHash, 2), 2);
}

TEST(HashSearch, ReplacesWholeIds) {
  const HashSearch search({kHash});
  EXPECT_EQ(search.replaced("copy of " + kHash + "-12, or of " + kOther, "(gone)"),
            "copy of (gone), or of " + kOther);
  EXPECT_EQ(search.replaced("family-" + kHash.substr(0, 16), "(gone)"), "(gone)");
  EXPECT_EQ(search.replaced("nothing", "(gone)"), "nothing");
}

TEST(ForgottenMarks, ANameIsFoundWhereItStandsForItself) {
  const ForgottenMarks marks({kHash}, {"report.pdf", "a[1]+.pdf"});
  for (const char* text : {"report.pdf", "folder/report.pdf", "\"report.pdf\"", "(report.pdf)",
                           "copy of report.pdf: a[1]+.pdf"}) {
    EXPECT_TRUE(marks.has_name(text)) << text;
  }
  for (const char* text : {"my-report.pdf", "report.pdfs", "areport.pdf", "report", "übreport.pdf",
                           "Report.pdf", ""}) {
    EXPECT_FALSE(marks.has_name(text)) << text;
  }
  EXPECT_EQ(marks.without("report.pdf, x/report.pdf and my-report.pdf; " + kHash + "-1"),
            "(forgotten), x/(forgotten) and my-report.pdf; (forgotten)");
}

TEST(ForgetPlan, QueriesInTheLanguageOfATranslationGoWithIt) {
  const TemporaryDirectory directory;
  DatasetWriter writer(directory.path() / "dataset");
  const std::string english = sha256_hex("english"), german = sha256_hex("german");
  const std::string austrian = sha256_hex("austrian"), other = sha256_hex("other");
  const auto document = [&](const std::string& id, const char* language, const char* family) {
    DocumentRow row;
    row.document_id = id;
    row.source_name = id.substr(0, 8) + ".pdf";
    row.pages = 1;
    row.language = language;
    row.family = family;
    row.split = "train";
    writer.add("train", row);
    PageRow page;
    page.page_id = make_page_id(id, 1);
    page.document_id = id;
    page.page_number = 1;
    writer.add("train", page);
  };
  document(english, "en", "family-1");
  document(german, "de", "family-1");
  document(austrian, "de-AT", "family-2");
  document(other, "en", "family-2");
  const auto query = [&](const char* id, const char* language, const char* kind,
                         const std::string& answer) {
    writer.add("train", QueryRow{id, id, language, kind, kind, "1"});
    writer.add("train", QrelRow{id, make_page_id(answer, 1), 1});
  };
  query("crosses", "de", "cross_lingual", english);
  query("of its own", "de", "heading", german);
  query("heading", "de", "heading", english);
  query("from another language", "fr", "cross_lingual", english);
  query("of another family", "de", "cross_lingual", other);
  writer.finish(Json::object(), "A dataset for tests.\n");
  const Dataset dataset = Dataset::open(directory.path() / "dataset");

  const ForgetPlan plan = plan_forgetting(dataset, select_documents(dataset, {german}));
  EXPECT_THAT(plan.queries, ::testing::UnorderedElementsAre("crosses", "of its own"));
  EXPECT_EQ(plan.queries_kept, 0);
}

TEST(Import, DocumentsOfFileNames) {
  EXPECT_EQ(document_of_file_name("set/a.pdf_page_12.jpg"), "set/a.pdf");
  EXPECT_EQ(document_of_file_name("a.PDF"), "a.PDF");
  EXPECT_EQ(document_of_file_name("book_page_3.png"), "book");
  EXPECT_EQ(document_of_file_name("book-p12.png"), "book");
  EXPECT_EQ(document_of_file_name("dir/book Page 3"), "dir/book");
  EXPECT_EQ(document_of_file_name("cover.png"), "");
  EXPECT_EQ(document_of_file_name("map12.png"), "");
  EXPECT_EQ(document_of_file_name(kHash + "-4.jpg"), kHash);
  EXPECT_EQ(document_of_file_name(std::string(1 << 20, '_') + "page_1"), "");
}

TEST(Import, LanguagesOfFolders) {
  EXPECT_EQ(language_of_folder("de"), "de");
  EXPECT_EQ(language_of_folder("pt-BR"), "pt-br");
  EXPECT_EQ(language_of_folder("French"), "fr");
  for (const char* other : {"", "vdr", "data", "corpus", "d", "e1"}) {
    EXPECT_EQ(language_of_folder(other), "") << other;
  }
}

TEST(Import, SplitsAndRoles) {
  EXPECT_EQ(usual_split("Train"), "train");
  EXPECT_EQ(usual_split("dev"), "validation");
  EXPECT_EQ(usual_split("corpus"), "");
  EXPECT_THAT(by_precedence({"train", "b", "validation", "train", "test", "a"}),
              ElementsAre("test", "validation", "a", "b", "train"));
  EXPECT_EQ(mteb_role("fr-corpus"), "corpus");
  EXPECT_EQ(mteb_role("default"), "qrels");
  EXPECT_EQ(mteb_role("en"), "");
}

TEST(Import, GradesAreWholeNumbers) {
  EXPECT_EQ(parse_grade(2.0, "x"), 2);
  EXPECT_EQ(parse_grade(-1, "x"), -1);
  for (const double bad : {0.5, 1e300, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(parse_grade(bad, "x"), Error);
  }
}

}  // namespace
}  // namespace recto
