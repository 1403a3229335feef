#include "eval/trec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"

namespace recto {
namespace {
using ::testing::HasSubstr;

TEST(Trec, RunsAndQrelsRoundTrip) {
  const TemporaryDirectory directory;
  const recto::Run run = {{"q1", {{"b", 0.1}, {"a", 0.1}, {"c", 1e-300}}}, {"q2", {{"é", -3.0}}}};
  write_run(directory.path() / "run", run, "recto");
  EXPECT_EQ(read_file(directory.path() / "run"),
            "q1 Q0 b 1 0.1 recto\nq1 Q0 a 2 0.1 recto\nq1 Q0 c 3 1e-300 recto\n"
            "q2 Q0 é 1 -3 recto\n");
  EXPECT_EQ(read_run(directory.path() / "run"), run);
  const Qrels qrels = {{"q1", {{"a", 2}, {"b", 0}}}, {"q2", {{"c", -1}}}};
  write_qrels(directory.path() / "qrels", qrels);
  EXPECT_EQ(read_qrels(directory.path() / "qrels"), qrels);
}

TEST(Trec, ScoresThatAreOneInFp32AreTies) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "run",
             "q1 Q0 a 1 0.50000000002 x\nq1 Q0 b 2 0.50000000001 x\nq1 Q0 c 3 0.5000001 x\n");
  EXPECT_EQ(ranked_ids(read_run(directory.path() / "run").at("q1")),
            (std::vector<std::string>{"c", "b", "a"}));
}

TEST(Trec, TabsBlankLinesAndCarriageReturnsAreRead) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "qrels", "q1\t0\td1\t1\r\n\n  q1 0  d2 +2");
  EXPECT_EQ(read_qrels(directory.path() / "qrels"), (Qrels{{"q1", {{"d1", 1}, {"d2", 2}}}}));
}

TEST(Trec, JudgementsOfBeirHaveAHeader) {
  const TemporaryDirectory directory;
  const Qrels wanted = {{"q1", {{"d1", 1}, {"d2", 2}}}};
  write_file(directory.path() / "a.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t2\n");
  EXPECT_EQ(read_qrels(directory.path() / "a.tsv"), wanted);
  write_file(directory.path() / "b.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td1\t1\n");
  EXPECT_THROW(read_qrels(directory.path() / "b.tsv"), Error) << "twice";
  write_file(directory.path() / "c.tsv", "query-id\tcorpus-id\tscore\nq1 0 d1 1\n");
  EXPECT_THROW(read_qrels(directory.path() / "c.tsv"), Error) << "four fields";
}

TEST(Trec, AByteOrderMarkIsNoPartOfAnId) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "run", "\xEF\xBB\xBFq1 Q0 a 1 0.5 x\n");
  EXPECT_EQ(read_run(directory.path() / "run").count("q1"), 1u);
  for (const char* content : {"\xEF\xBB\xBFq1 0 a 1\n", "\xEF\xBB\xBFq\tc\tscore\nq1\ta\t1\n"}) {
    write_file(directory.path() / "qrels", content);
    EXPECT_EQ(read_qrels(directory.path() / "qrels"), (Qrels{{"q1", {{"a", 1}}}})) << content;
  }
}

TEST(Trec, EmptyFilesAreNone) {
  const TemporaryDirectory directory;
  for (const char* content : {"", "\n\n", "query-id\tcorpus-id\tscore\n"}) {
    write_file(directory.path() / "file", content);
    EXPECT_THROW(read_qrels(directory.path() / "file"), Error) << content;
    EXPECT_THROW(read_run(directory.path() / "file"), Error) << content;
  }
}

struct BadLine {
  bool run;
  const char* line;
  const char* word;
};

class TrecErrors : public ::testing::TestWithParam<BadLine> {};

TEST_P(TrecErrors, NameTheLine) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "file";
  const char* good = GetParam().run ? "q Q0 d 1 0.5 t\n" : "q 0 d 1\n";
  write_file(path, std::string(good) + GetParam().line + "\n");
  try {
    if (GetParam().run) {
      read_run(path);
    } else {
      read_qrels(path);
    }
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    EXPECT_THAT(error.what(), HasSubstr(path.string() + ":2"));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().word));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Lines, TrecErrors,
    ::testing::Values(
        BadLine{false, "q 0 d", "3 fields"}, BadLine{false, "q 0 d 1 x", "5 fields"},
        BadLine{false, "q 0 e 1.5", "grade"}, BadLine{false, "q 0 e high", "grade"},
        BadLine{false, "q 0 d 2", "twice"}, BadLine{false, "q 0 e 99999999999", "grade"},
        BadLine{true, "q Q0 e 1 0.5", "5 fields"}, BadLine{true, "q Q0 e 1 nan t", "not finite"},
        BadLine{true, "q Q0 e 1 inf t", "not finite"}, BadLine{true, "q Q0 e 1 0,5 t", "score"},
        BadLine{true, "q Q0 e 1 - t", "score"}, BadLine{true, "q Q0 d 2 0.4 t", "twice"}));

TEST(Trec, IdsThatCannotStandInTheFileAreRefused) {
  const TemporaryDirectory directory;
  for (const char* id : {"", "a b", "a\tb", "a\nb"}) {
    EXPECT_THROW(write_run(directory.path() / "run", {{"q", {{id, 1}}}}, "t"), Error);
    EXPECT_THROW(write_qrels(directory.path() / "qrels", {{id, {{"d", 1}}}}), Error);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
  EXPECT_THROW(read_run(directory.path() / "absent"), Error);
}

}  // namespace
}  // namespace recto
