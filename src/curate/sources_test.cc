#include "curate/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>

#include "base/file.h"
#include "base/sha256.h"
#include "page/reader.h"
#include "page/test_pdf.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class Sources : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(in() / "sub");
    write_file(in() / "b.pdf", pdf("b"));
    write_file(in() / "a.pdf", pdf("a"));
    write_file(in() / "sub" / "copy of a.PDF", pdf("a"));
    write_file(in() / "sub" / "notes.txt", "no page");
    python(
        "import gzip, zipfile, sys\n"
        "folder = sys.argv[1]\n"
        "pdf = open(folder + '/b.pdf', 'rb').read()\n"
        "a = open(folder + '/a.pdf', 'rb').read()\n"
        "with zipfile.ZipFile(folder + '/docs.zip', 'w') as archive:\n"
        "    archive.writestr('z.pdf', pdf + b'% z')\n"
        "    archive.writestr('sub/a.pdf', a)\n"
        "    archive.writestr('../evil.pdf', a)\n"
        "    archive.writestr('report.docx', b'PK')\n"
        "open(folder + '/m.de.pdf.gz', 'wb').write(gzip.compress(pdf + b'% gz'))\n");
  }

  static std::string pdf(const std::string& text) { return test::simple_pdf({text}); }

  void python(const std::string& code) const {
    const fs::path script = directory_.path() / "make.py";
    write_file(script, code);
    const auto made = test::run_command(
        fmt::format("'{}' '{}' '{}'", test::python().string(), script.string(), in().string()));
    ASSERT_EQ(made.status, 0) << made.err;
  }

  fs::path in() const { return directory_.path() / "in"; }
  fs::path scratch() const { return directory_.path() / "scratch"; }

  SourceList collect(const std::vector<fs::path>& paths) {
    audit_ = Audit();
    return collect_sources(paths, scratch(), options_, audit_);
  }
  SourceList collect() { return collect({in()}); }

  /// "kept: reason" or "dropped: reason" by item.
  std::map<std::string, std::string> audit() const {
    std::map<std::string, std::string> rows;
    for (const AuditRow& row : audit_.rows()) {
      EXPECT_EQ(row.stage, "file");
      EXPECT_TRUE(rows.emplace(row.item, row.decision + ": " + row.reason).second) << row.item;
    }
    return rows;
  }

  static std::vector<std::string> names(const SourceList& list) {
    std::vector<std::string> names;
    names.reserve(list.sources.size());
    for (const Source& source : list.sources) names.push_back(source.name());
    return names;
  }

  TemporaryDirectory directory_;
  SourceOptions options_;
  Audit audit_;
};

TEST_F(Sources, EveryKindInOrderWithoutCopies) {
  const SourceList list = collect();
  EXPECT_THAT(names(list), ElementsAre("a.pdf", "b.pdf", "docs.zip/z.pdf", "m.de.pdf"));
  EXPECT_THAT(
      audit(),
      UnorderedElementsAre(
          Pair("docs.zip", "kept: unpacked"),
          Pair("docs.zip/../evil.pdf", "dropped: its name leads out of the archive (..)"),
          Pair("docs.zip/report.docx",
               "dropped: an office file, which needs LibreOffice, and soffice was not found"),
          Pair("docs.zip/sub/a.pdf", "dropped: copy of the document " + list.sources[0].sha256),
          Pair("copy of a.PDF", "dropped: copy of the document " + list.sources[0].sha256)));
  ASSERT_EQ(list.problems.size(), 1u);
  EXPECT_EQ(list.problems.begin()->second.front().what(),
            (in() / "docs.zip").string() + "/../evil.pdf: its name leads out of the archive (..)");
  EXPECT_EQ(list.listed.size(), 8u);
  for (const Source& source : list.sources) {
    EXPECT_EQ(sha256_file(source.path), source.sha256);
    EXPECT_EQ(list.listed[source.position].location, source.place.location);
    EXPECT_EQ(Document(source.path).page_count(), 1);
  }
}

TEST_F(Sources, WhatWasUnpackedInsideAPathIsNotReadAgain) {
  const fs::path scratch = in() / "sub" / "out.partial" / "sources";
  const fs::path link = directory_.path() / "link";
  fs::create_directory_symlink(in(), link);
  for (const fs::path& path : {in(), in() / "", link, in() / "sub" / "."}) {
    for (int run = 0; run < 2; ++run) {
      const SourceList list = collect_sources({path, in() / "docs.zip"}, scratch, options_, audit_);
      EXPECT_FALSE(fs::is_empty(scratch)) << path;
      for (const SourcePlace& place : list.listed) {
        EXPECT_EQ(place.location.find("out.partial"), std::string::npos) << place.location;
      }
      EXPECT_GT(list.sources.size(), 1u);
    }
  }
}

TEST_F(Sources, AreTheSameForAnyNumberOfThreads) {
  const SourceList one = collect();
  const auto rows = audit();
  options_.threads = 4;
  const SourceList four = collect();
  EXPECT_EQ(audit(), rows);
  EXPECT_EQ(names(four), names(one));
}

TEST_F(Sources, APathIsTakenAsItIs) {
  const fs::path text = in() / "sub" / "notes.txt";
  EXPECT_THAT(names(collect({text, in() / "b.pdf"})), ElementsAre("notes.txt", "b.pdf"));
  const SourceList list = collect({in() / "docs.zip"});
  EXPECT_THAT(names(list), ElementsAre("docs.zip/sub/a.pdf", "docs.zip/z.pdf"));
  try {
    collect({in() / "none.pdf"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
  }
  write_file(in() / "report.docx", "PK");
  const SourceList office = collect({in() / "report.docx"});
  EXPECT_THAT(office.problems.at(0).front().what(), HasSubstr("needs LibreOffice"));
}

TEST_F(Sources, WhatCannotBeReadIsAProblem) {
  ASSERT_EQ(::mkfifo((in() / "pipe.pdf").c_str(), 0600), 0);
  const SourceList list = collect({in() / "pipe.pdf", in() / "b.pdf"});
  EXPECT_THAT(names(list), ElementsAre("b.pdf"));
  EXPECT_THAT(list.problems.at(0).front().what(), HasSubstr("not a regular file"));
  EXPECT_EQ(audit().at("pipe.pdf"), "dropped: pipe.pdf is not a regular file");
  options_.unpack.max_file_bytes = 100;
  const SourceList large = collect({in() / "b.pdf", in() / "docs.zip"});
  EXPECT_THAT(large.sources, IsEmpty());
  EXPECT_THAT(large.problems.at(0).front().what(), HasSubstr("at most 100 are accepted"));
  EXPECT_EQ(large.problems.at(0).front().code(), ErrorCode::kLimit);
}

TEST_F(Sources, FactsOfTheFileOfSources) {
  const Provenance provenance = Provenance::parse(
      "glob,licence,title\nb.pdf,MIT,B\ndocs.zip,CC0,Docs\nnothing*,MIT,\na.pdf,,A\n", "s.csv");
  options_.provenance = &provenance;
  SourceList list = collect();
  EXPECT_THAT(list.unused_globs, ElementsAre("nothing*"));
  std::map<std::string, std::string> licences;
  for (const Source& source : list.sources) licences[source.name()] = source.facts.licence;
  EXPECT_EQ(list.sources.front().facts.title, "A");
  // A copy of it is in the archive, whose licence is stated.
  EXPECT_THAT(licences, UnorderedElementsAre(Pair("a.pdf", "CC0"), Pair("b.pdf", "MIT"),
                                             Pair("docs.zip/z.pdf", "CC0"), Pair("m.de.pdf", "")));
  options_.require_licence = true;
  list = collect();
  // The copy inside the archive has one, so it is the one that stays.
  EXPECT_THAT(names(list), ElementsAre("b.pdf", "docs.zip/sub/a.pdf", "docs.zip/z.pdf"));
  EXPECT_EQ(audit().at("a.pdf"), "dropped: no licence is stated for it in the file of sources");
  EXPECT_EQ(list.problems.size(), 1u);
  options_.provenance = nullptr;
  try {
    collect();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("--sources"));
  }
}

TEST_F(Sources, ManyFiles) {
  const fs::path many = directory_.path() / "many";
  fs::create_directories(many);
  for (int i = 0; i < 3000; ++i) {
    std::ofstream(many / fmt::format("{:05}.pdf", i)) << i % 2000;  // write_file would sync each
  }
  options_.threads = 2;
  const SourceList list = collect({many});
  EXPECT_EQ(list.listed.size(), 3000u);
  EXPECT_EQ(list.sources.size(), 2000u);
  EXPECT_EQ(list.sources.back().name(), "01999.pdf");
}

}  // namespace
}  // namespace recto
