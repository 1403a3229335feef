#include "curate/curate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/sha256.h"
#include "curate/test_book.h"
#include "curate/work_directory.h"
#include "data/dataset.h"
#include "data/parquet.h"
#include "data/tables.h"
#include "page/decode.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

using test::book;

/// A folder with five good documents of four families and several bad files.
class Curate : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(in() / "sub");
    write_file(in() / "faq-book.de.pdf",
               book({"Vorwort", "1 Wie installiert man das neue Programm?",
                     "2 Wer hat das neue Programm geschrieben?"},
                    {{"1 Wie installiert man das neue Programm?", 2},
                     {"2 Wer hat das neue Programm geschrieben?", 2}},
                    "Die Fragen der Vielen"));
    write_file(in() / "faq-book.en.pdf",
               book({"Foreword", "1 How to install it?"}, {{"1 How to install it?", 2}},
                    "The questions of many"));
    write_file(in() / "sub" / "engine.pdf",
               book({"Engine maintenance schedule", "Oil pressure limits"},
                    {{"Engine maintenance schedule", 1},
                     {"Oil pressure limits", 2},
                     {"Nothing of the kind", 1}},
                    "Engine"));
    write_file(in() / "harvest.pdf",
               book({"Harvest report of the year"}, {{"Harvest report of the year", 1}}));
    write_file(in() / "scan.png", read_file(test::source_directory() /
                                            "tests/goldens/images/src/page_a4_620x877.png"));
    fs::copy_file(in() / "harvest.pdf", in() / "sub" / "copy of harvest.pdf");
    write_file(in() / "broken.pdf", "%PDF-1.4 and then nothing");
    write_file(in() / "empty.pdf", "");
    write_file(in() / "text.png", "this is no picture");
    options_.longest_edge = 300;
    options_.keep_going = true;
    options_.limits.max_wall_seconds = 60;
  }

  fs::path in() const { return directory_.path() / "in"; }
  fs::path out(const std::string& name = "out") const { return directory_.path() / name; }

  TemporaryDirectory directory_;
  CurateOptions options_;
};

std::map<std::string, std::string> audit_of(const fs::path& directory) {
  const ParquetFile file(directory / "audit/audit-00000-of-00001.parquet");
  std::map<std::string, std::string> rows;
  for (int group = 0; group < file.groups(); ++group) {
    for (Row& row : file.read(group, Table<AuditRow>::columns())) {
      const AuditRow audit = Table<AuditRow>::from_row(std::move(row));
      rows[audit.stage + " " + audit.item] = audit.decision + ": " + audit.reason;
    }
  }
  return rows;
}

TEST_F(Curate, DocumentsPagesQueriesAndReasons) {
  options_.test_documents = {"faq-book.*"};
  options_.validation_share = 0;
  const CurateReport report = curate({in()}, out(), options_);
  EXPECT_EQ(report.files, 9);
  EXPECT_EQ(report.documents, 5);
  EXPECT_EQ(report.pages, 9);
  EXPECT_EQ(report.queries, 6);
  EXPECT_EQ(report.splits.at("test").families, 1);
  EXPECT_EQ(report.splits.at("test").documents, 2);

  const Dataset dataset = Dataset::open(out());
  EXPECT_THAT(dataset.splits(), ::testing::ElementsAre("test", "train"));
  std::map<std::string, std::string> answers;
  for (const char* split : {"train", "test"}) {
    std::map<std::string, std::string> texts;
    for (const auto& query : dataset.queries(split)) texts[query.query_id] = query.query;
    for (const auto& qrel : dataset.qrels(split)) {
      answers[texts.at(qrel.query_id)] = qrel.page_id.substr(64);
    }
  }
  EXPECT_EQ(answers, (std::map<std::string, std::string>{
                         {"Wie installiert man das neue Programm? (Die Fragen der Vielen)", "-2"},
                         {"Wer hat das neue Programm geschrieben? (Die Fragen der Vielen)", "-3"},
                         {"How to install it? (The questions of many)", "-2"},
                         {"Engine maintenance schedule", "-1"},
                         {"Oil pressure limits (Engine)", "-2"},
                         {"Harvest report of the year", "-1"}}));
  std::map<std::string, DocumentRow> documents;
  for (const auto& row : dataset.documents("train")) documents[row.source_name] = row;
  ASSERT_EQ(documents.size(), 3u);
  EXPECT_EQ(documents["engine.pdf"].title, "Engine");
  EXPECT_EQ(documents["engine.pdf"].producer, "by hand");
  EXPECT_EQ(documents["engine.pdf"].pages, 2);
  EXPECT_EQ(documents["scan.png"].document_id, sha256_file(in() / "scan.png"));

  dataset.for_each_page("train", [&](PageRow&& page) {
    const Image image = decode_image(as_bytes(page.image), page.page_id);
    EXPECT_EQ(std::max(image.width, image.height), 300);
    EXPECT_EQ(image.width, page.width);
    EXPECT_EQ(image.height, page.height);
    EXPECT_EQ(page.text_source, page.text.empty() ? "none" : "text_layer");
  });
  const auto audit = audit_of(out());
  EXPECT_THAT(audit.at("file copy of harvest.pdf"),
              HasSubstr("dropped: copy of the document " + sha256_file(in() / "harvest.pdf")));
  for (const char* bad : {"broken.pdf", "empty.pdf", "text.png"}) {
    const std::string row = audit.at("document " + sha256_file(in() / bad));
    EXPECT_THAT(row, HasSubstr("dropped: " + std::string(bad)));
    EXPECT_THAT(row, ::testing::Not(HasSubstr(in().string()))) << "paths are not recorded";
  }
  const std::string engine = sha256_file(in() / "sub" / "engine.pdf");
  EXPECT_EQ(audit.at("heading " + engine + "#outline-3"),
            "dropped: not on the page it leads to nor beside it");
  EXPECT_EQ(audit.at("page " + engine + "-1"), "kept: rendered");
  EXPECT_THAT(audit.at("split " + sha256_file(in() / "faq-book.de.pdf")), HasSubstr("pinned"));
  EXPECT_THAT(describe(report), HasSubstr("5 documents, 9 pages"));
  EXPECT_EQ(dataset.manifest()["languages"]["listed"], Json({"de", "en"}));
  EXPECT_THAT(read_file(out() / "README.md"), HasSubstr("language:\n- \"de\"\n- \"en\"\nlicense"));
}

TEST_F(Curate, AReportIsReadAsItWasWritten) {
  CurateReport report;
  report.files = 9;
  report.documents = 5;
  report.pages = 8;
  report.headings = 7;
  report.queries = 6;
  report.dropped = {{"file: cannot be read", 3}, {"rules: longer than a line of text may be", 2}};
  report.failed = {"a.pdf: damaged", "b.pdf: encrypted"};
  report.splits = {{"test", {1, 2, 3, 4}}, {"train", {5, 6, 7, 8}}};
  const CurateReport read = read_report(report_json(report));
  EXPECT_EQ(report_json(read), report_json(report));
  EXPECT_EQ(describe(read), describe(report));
}

TEST_F(Curate, NoQueryIsRankedWhereNobodyAsksForIt) {
  options_.round_trip = 0;
  options_.negatives.per_query = 0;
  const CurateReport report = curate({in()}, out(), options_);
  EXPECT_EQ(report.queries, 6);
  const Dataset dataset = Dataset::open(out());
  for (const std::string& split : dataset.splits()) EXPECT_TRUE(dataset.negatives(split).empty());
  int64_t dropped = 0;
  for (const auto& [item, decision] : audit_of(out())) {
    EXPECT_FALSE(item.starts_with("round_trip ") || item.starts_with("negatives ")) << item;
    if (decision.starts_with("dropped")) ++dropped;
  }
  int64_t counted = 0;
  for (const auto& [reason, count] : report.dropped) counted += count;
  EXPECT_EQ(counted, dropped) << "the report counts the reasons of the audit";
}

TEST_F(Curate, BadFilesAreReportedInFileOrder) {
  options_.threads = 3;
  const CurateReport report = curate({in()}, out(), options_);
  ASSERT_EQ(report.failed.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    const char* names[] = {"broken.pdf", "empty.pdf", "text.png"};
    EXPECT_THAT(report.failed[i], HasSubstr((in() / names[i]).string()));
  }
}

TEST_F(Curate, WithoutKeepGoingTheFirstBadFileEndsItWhateverTheThreads) {
  options_.keep_going = false;
  for (const int threads : {1, 3}) {
    options_.threads = threads;
    try {
      curate({in() / "harvest.pdf", in() / "text.png", in() / "empty.pdf", in() / "broken.pdf"},
             out(), options_);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput);
      EXPECT_THAT(error.what(), HasSubstr((in() / "text.png").string()));
    }
    EXPECT_FALSE(fs::exists(out()));
  }
  EXPECT_TRUE(curate({in() / "harvest.pdf", in() / "sub"}, out(), options_).failed.empty())
      << "a copy is no bad file";
}

TEST_F(Curate, SameInputGivesTheSameBytesWhateverTheThreads) {
  curate({in()}, out("a"), options_);
  options_.threads = 3;
  curate({in()}, out("b"), options_);
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(out("a"))) {
    if (!entry.is_regular_file()) continue;
    const fs::path name = fs::relative(entry.path(), out("a"));
    EXPECT_EQ(read_file(entry.path()), read_file(out("b") / name)) << name;
    ++files;
  }
  EXPECT_GE(files, 8);
  EXPECT_FALSE(fs::exists(out("a") / "scratch"));
}

TEST_F(Curate, NoFamilyAndNoQueryIsInTwoSplits) {
  for (uint64_t seed = 0; seed < 4; ++seed) {
    options_.seed = seed;
    curate({in()}, out(std::to_string(seed)), options_);
    const Dataset dataset = Dataset::open(out(std::to_string(seed)));
    std::map<std::string, std::string> split_of;
    std::set<std::string> queries;
    for (const std::string& split : dataset.splits()) {
      for (const auto& row : dataset.documents(split)) {
        EXPECT_EQ(row.split, split);
        EXPECT_EQ(split_of.emplace(row.family, split).first->second, split);
      }
      for (const auto& row : dataset.queries(split)) EXPECT_TRUE(queries.insert(row.query).second);
    }
    EXPECT_EQ(dataset.splits().size(), 3u) << "four families fill three splits";
  }
}

TEST_F(Curate, WhatCannotBeMeantIsRefusedBeforeAnyFileIsLookedAt) {
  struct Case {
    std::vector<std::string> says;  ///< option, what was found, what is wanted
    std::function<void(CurateOptions&)> spoil;
  };
  const std::vector<Case> cases = {
      {{"--longest-edge is 0", "16"}, [](auto& o) { o.longest_edge = 0; }},
      {{"--jpeg-quality is 101", "100"}, [](auto& o) { o.jpeg_quality = 101; }},
      {{"--threads is 0", "at least 1"}, [](auto& o) { o.threads = 0; }},
      {{"\"nosuch\"", "outline"}, [](auto& o) { o.generators = {"nosuch"}; }},
      {{"--validation-share is 1", "below 1"}, [](auto& o) { o.validation_share = 1; }},
      {{"--test-share is -0.1", "at least 0"}, [](auto& o) { o.test_share = -0.1; }},
      {{"--validation-share 0.5 and --test-share 0.9", "together", "below 1", "lower"},
       [](auto& o) {
         o.validation_share = 0.5;
         o.test_share = 0.9;
       }},
      {{"--validation-share 0.95 and --test-share 0.1"},
       [](auto& o) { o.validation_share = 0.95; }},
      {{"--require-licence", "--sources"}, [](auto& o) { o.require_licence = true; }},
      {{"--generic-families is 1", "at least 2"}, [](auto& o) { o.generic_families = 1; }},
      {{"--max-pages-per-query is 0", "at least 1"}, [](auto& o) { o.max_pages_per_query = 0; }},
      {{"--sentences-per-page is 0", "at least 1"}, [](auto& o) { o.sentences_per_page = 0; }},
      {{"--sentences-per-page 3", "--generator sentence"},
       [](auto& o) { o.sentences_per_page = 3; }},
      {{"--round-trip is -1", "at least 0"}, [](auto& o) { o.round_trip = -1; }},
      {{"--negatives is -1", "at least 0"}, [](auto& o) { o.negatives.per_query = -1; }},
      {{"--negative-ranks 50-1", "1-50"},
       [](auto& o) {
         o.negatives.first_rank = 50;
         o.negatives.last_rank = 1;
       }},
      {{"--negative-ranks 0-3", "at least 1"},
       [](auto& o) {
         o.negatives.per_query = 0;  // said although nobody would miss it
         o.negatives.first_rank = 0;
         o.negatives.last_rank = 3;
       }},
      {{"--negative-max-share is 1.5", "at most 1"}, [](auto& o) { o.negatives.max_share = 1.5; }},
      {{"--max-per-language is -1", "at least 0"},
       [](auto& o) { o.balance.max_per_language = -1; }},
      {{"--max-queries is -5", "at least 0"}, [](auto& o) { o.balance.target = -5; }},
      {{"--balance-temperature is 0.5", "at least 1"},
       [](auto& o) { o.balance.temperature = 0.5; }},
      {{"--balance-temperature 2", "--max-queries"}, [](auto& o) { o.balance.temperature = 2; }},
      {{"--judge", "--round-trip 0", "--negatives 0"},
       [](auto& o) {
         o.judge = "/absent/model";
         o.round_trip = 0;
         o.negatives.per_query = 0;
       }},
  };
  for (const Case& test : cases) {
    CurateOptions options = options_;
    test.spoil(options);
    try {
      curate({in() / "absent"}, out(), options);  // whoever looked for it would say so
      ADD_FAILURE() << test.says.front() << ": no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage) << error.what();
      for (const std::string& says : test.says) EXPECT_THAT(error.what(), HasSubstr(says));
    }
    EXPECT_FALSE(fs::exists(out()));
    EXPECT_FALSE(fs::exists(WorkDirectory::path_of(out())));
  }
}

TEST_F(Curate, WhatCannotBeExcludedIsSaidBeforeAnyFileIsLookedAt) {
  const fs::path list = directory_.path() / "hashes.txt";
  write_file(list, "phash:abc\n");
  const std::pair<fs::path, ErrorCode> cases[] = {
      {directory_.path() / "none", ErrorCode::kNotFound},
      {list, ErrorCode::kBadInput},
      {in(), ErrorCode::kBadInput}};
  for (const auto& [path, code] : cases) {
    options_.exclude = {path};
    try {
      curate({in() / "absent"}, out(), options_);
      ADD_FAILURE() << path << ": no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(path.filename().string()));
    }
  }
}

TEST_F(Curate, APatternThatNamesNoFileIsRefused) {
  options_.test_documents = {"nosuch-*"};
  try {
    curate({in()}, out(), options_);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("\"nosuch-*\""));
  }
  EXPECT_FALSE(fs::exists(out()));
}

TEST_F(Curate, APatternThatNamesOnlyWhatIsLeftOutIsSaid) {
  options_.test_documents = {"broken*"};
  ::testing::internal::CaptureStderr();
  curate({in()}, out(), options_);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("\"broken*\" of test documents matches only files that were left out"));
}

TEST_F(Curate, NothingUsableIsAnErrorThatSaysWhy) {
  try {
    curate({in() / "broken.pdf", in() / "empty.pdf"}, out(), options_);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    EXPECT_THAT(error.what(), HasSubstr("broken.pdf"));
  }
  EXPECT_FALSE(fs::exists(out()));
  EXPECT_THROW(curate({in() / "absent"}, out(), options_), Error);
}

TEST_F(Curate, WhereNoFileIsReadItSaysWhichAre) {
  fs::create_directories(directory_.path() / "notes");
  write_file(directory_.path() / "notes" / "notes.txt", "text");
  struct Case {
    fs::path path;
    bool licence;
    std::vector<std::string> says;
  };
  const fs::path table = directory_.path() / "sources.csv";
  write_file(table, "glob,licence\nother.pdf,CC0-1.0\n");
  for (const Case& test :
       {Case{directory_.path() / "notes", false, {"no file", ".pdf", ".docx", ".tar"}},
        Case{in() / "sub", true, {"all 2 files are left out", "licence"}}}) {
    CurateOptions options = options_;
    if (test.licence) options.sources = table;
    options.require_licence = test.licence;
    try {
      curate({test.path}, out(), options);
      ADD_FAILURE() << test.says.front() << ": no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput) << error.what();
      for (const std::string& says : test.says) EXPECT_THAT(error.what(), HasSubstr(says));
    }
    EXPECT_FALSE(fs::exists(out()));
    EXPECT_FALSE(fs::exists(WorkDirectory::path_of(out())));
  }
}

TEST_F(Curate, InterruptedItLeavesNothing) {
  const pid_t child = ::fork();
  if (child == 0) {
    install_interrupt_handler();
    ::raise(SIGINT);
    try {
      curate({in()}, out(), options_);
    } catch (const Error& error) {
      ::_exit(exit_status(error.code()));
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 130);
  std::set<std::string> left;
  for (const auto& entry : fs::directory_iterator(directory_.path())) {
    left.insert(entry.path().filename());
  }
  EXPECT_EQ(left, (std::set<std::string>{"in"}));
}

}  // namespace
}  // namespace recto
