#include "data/text_pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/log.h"
#include "data/parquet.h"
#include "support/errors.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<TextPair> pairs_of(const fs::path& file) {
  std::vector<TextPair> pairs;
  for_each_text_pair(file, [&](TextPair&& pair) { pairs.push_back(std::move(pair)); });
  return pairs;
}

std::string error_of(const fs::path& file, ErrorCode code) {
  return test::error_of([&] { pairs_of(file); }, code);
}

TEST(TextPairs, LinesWithAndWithoutWhatIsOptional) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "pairs.jsonl";
  write_file(file,
             "\xEF\xBB\xBF{\"query\":\"ünï\",\"passage\":\"p\",\"language\":\"pt-BR\","
             "\"negatives\":[\"n1\",\"n2\"]}\r\n"
             "  \n"
             "{\"query\":\"q\",\"passage\":\"p\",\"language\":null,\"other\":1}");
  const auto pairs = pairs_of(file);
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].query, "ünï");
  EXPECT_EQ(pairs[0].language, "pt-BR");
  EXPECT_THAT(pairs[0].negatives, ElementsAre("n1", "n2"));
  EXPECT_EQ(pairs[1].where, file.string() + ":3");
  EXPECT_EQ(pairs[1].language, "");
  EXPECT_THAT(pairs[1].negatives, IsEmpty());
}

/// A Parquet file of these columns with one row.
fs::path parquet(const fs::path& file, const std::vector<Column>& columns, Row row) {
  ParquetWriter writer(file, columns, {});
  writer.append(row);
  writer.close();
  return file;
}

TEST(TextPairs, Parquet) {
  const TemporaryDirectory directory;
  const auto all = pairs_of(parquet(
      directory.path() / "all.parquet",
      {{"negatives", ColumnType::kStringList}, {"passage"}, {"id"}, {"query"}, {"language"}},
      {std::vector<std::string>{"n"}, std::string("p"), std::string("7"), std::string("q"), {}}));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].query + all[0].passage + all[0].language, "qp");
  EXPECT_THAT(all[0].negatives, ElementsAre("n"));
  const auto two = pairs_of(parquet(directory.path() / "two.parquet", {{"query"}, {"passage"}},
                                    {std::string("q"), std::string("p")}));
  ASSERT_EQ(two.size(), 1u);
  EXPECT_THAT(two[0].negatives, IsEmpty());
}

/// What is said while the pairs of `file` are read.
std::string said_of(const fs::path& file) {
  set_log_level(LogLevel::kWarning);
  testing::internal::CaptureStderr();
  pairs_of(file);
  return testing::internal::GetCapturedStderr();
}

TEST(TextPairs, KeysThatAreNotReadAreSaidOnceAFile) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "pairs.jsonl";
  const std::string line = "{\"query\":\"q\",\"passage\":\"p\"}\n";
  const std::string negative = "{\"query\":\"q\",\"passage\":\"p\",\"negative\":[\"n\"]}\n";
  write_file(file,
             line + negative + negative + "{\"query\":\"q\",\"passage\":\"p\",\"colour\":null}\n");
  EXPECT_EQ(said_of(file), "recto: warning: " + file.string() +
                               ": keys that are not read: \"negative\" (" + file.string() +
                               ":2; did you mean \"negatives\"?), \"colour\" (" + file.string() +
                               ":4); known are query, passage, language, negatives\n");
  const fs::path table = parquet(
      directory.path() / "pairs.parquet", {{"query"}, {"negative"}, {"passage"}, {"query_id"}},
      {std::string("q"), std::string("n"), std::string("p"), std::string("7")});
  EXPECT_EQ(said_of(table), "recto: warning: " + table.string() +
                                ": columns that are not read: \"negative\" (did you mean "
                                "\"negatives\"?); known are query, passage, language, negatives\n");
}

TEST(TextPairs, IdsAndScoresAreNotReadInSilence) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "pairs.jsonl";
  write_file(file,
             "{\"id\":7,\"query_id\":\"a\",\"query\":\"q\",\"passage\":\"p\",\"score\":0.5,"
             "\"negative_scores\":[1],\"passage-ids\":[2],\"language\":\"en\"}\n");
  EXPECT_EQ(said_of(file), "");
}

TEST(TextPairs, AFileOfManyKeysIsSaidInALine) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "pairs.jsonl";
  std::string lines;
  for (int i = 0; i < 100; ++i) {
    lines += fmt::format("{{\"query\":\"q\",\"passage\":\"p\",\"k{}\":1}}\n", i);
  }
  write_file(file, lines);
  EXPECT_THAT(said_of(file), HasSubstr(":8), and more; known are query"));
}

struct BadLine {
  const char* line;
  const char* says;
};

class TextPairErrors : public ::testing::TestWithParam<BadLine> {};

TEST_P(TextPairErrors, NameFileLineAndField) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "pairs.jsonl";
  write_file(file, std::string("{\"query\":\"q\",\"passage\":\"p\"}\n") + GetParam().line);
  const std::string error = error_of(file, ErrorCode::kBadInput);
  EXPECT_THAT(error, HasSubstr(file.string() + ":2"));
  EXPECT_THAT(error, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    All, TextPairErrors,
    ::testing::Values(BadLine{"[1]", "an object is wanted"}, BadLine{"{", "JSON"},
                      BadLine{"{\"passage\":\"p\"}", "the key \"query\" is missing"},
                      BadLine{"{\"query\":\"q\"}", "the key \"passage\" is missing"},
                      BadLine{"{\"query\":7,\"passage\":\"p\"}", "query"},
                      BadLine{"{\"query\":\" \\t\",\"passage\":\"p\"}",
                              "query is missing or blank"},
                      BadLine{"{\"query\":\"q\",\"passage\":\"\"}", "passage is missing or blank"},
                      BadLine{"{\"query\":\"q\",\"passage\":\"p\",\"negatives\":\"n\"}", "a list"},
                      BadLine{"{\"query\":\"q\",\"passage\":\"p\",\"negatives\":[\"\"]}",
                              "negatives is missing or blank"},
                      BadLine{"{\"query\":\"q\",\"passage\":\"p\",\"language\":\"no tag\"}",
                              "language is \"no tag\"; a language tag like \"en\" is wanted"}));

TEST(TextPairs, FilesThatAreNoTables) {
  const TemporaryDirectory directory;
  error_of(directory.path() / "pairs.csv", ErrorCode::kUsage);
  error_of(directory.path() / "gone.jsonl", ErrorCode::kNotFound);
  write_file(directory.path() / "text.parquet", "no table");
  error_of(directory.path() / "text.parquet", ErrorCode::kBadInput);
  const fs::path missing =
      parquet(directory.path() / "missing.parquet", {{"query"}, {"text"}}, {std::string("q"), {}});
  EXPECT_THAT(error_of(missing, ErrorCode::kBadInput),
              HasSubstr("column \"passage\" is missing; it has query, text"));
  const fs::path null =
      parquet(directory.path() / "null.parquet", {{"query"}, {"passage"}}, {std::string("q"), {}});
  EXPECT_THAT(error_of(null, ErrorCode::kBadInput),
              HasSubstr("row 1: passage is missing or blank"));
}

}  // namespace
}  // namespace recto
