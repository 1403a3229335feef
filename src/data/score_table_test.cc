#include "data/score_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "data/parquet.h"
#include "support/errors.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ScoreTableTest : public testing::Test {
 protected:
  fs::path jsonl(const std::string& text) const {
    const fs::path file = directory_.path() / "scores.jsonl";
    write_file(file, text);
    return file;
  }
  fs::path parquet(const std::vector<Row>& rows, ColumnType type = ColumnType::kFloat) const {
    const fs::path file = directory_.path() / "scores.parquet";
    ParquetWriter writer(
        file,
        {{"query_id", ColumnType::kString}, {"page_id", ColumnType::kString}, {"score", type}}, {});
    for (const Row& row : rows) writer.append(row);
    writer.close();
    return file;
  }
  static std::vector<ScoreRow> read(const fs::path& file) {
    std::vector<ScoreRow> rows;
    for_each_score(file, [&](ScoreRow&& row) { rows.push_back(std::move(row)); });
    return rows;
  }

  TemporaryDirectory directory_;
};

TEST_F(ScoreTableTest, LinesAndColumnsAreRead) {
  const fs::path lines = jsonl(
      "{\"query_id\":\"q1\",\"page_id\":\"p1\",\"score\":0.5,\"more\":1}\r\n\n"
      "{\"query_id\":\"q2\",\"page_id\":\"p2\",\"score\":-3}\n");
  const fs::path floats = parquet(
      {{std::string("q1"), std::string("p1"), 0.5}, {std::string("q2"), std::string("p2"), -3.0}});
  for (const fs::path& file : {lines, floats}) {
    EXPECT_TRUE(is_score_table(file));
    const std::vector<ScoreRow> rows = read(file);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].query_id, "q1");
    EXPECT_EQ(rows[0].page_id, "p1");
    EXPECT_EQ(rows[0].score, 0.5);
    EXPECT_EQ(rows[1].query_id, "q2");
    EXPECT_EQ(rows[1].score, -3);
  }
  const fs::path integers =
      parquet({{std::string("q1"), std::string("p1"), int64_t{2}}}, ColumnType::kInt64);
  EXPECT_EQ(read(integers).at(0).score, 2);
}

TEST_F(ScoreTableTest, TablesOfVectorsAreNoScoreTables) {
  EXPECT_FALSE(is_score_table(jsonl("{\"id\":\"q1\",\"embedding\":[1,2]}\n")));
  EXPECT_FALSE(is_score_table(jsonl("")));
  EXPECT_FALSE(is_score_table(directory_.path() / "vectors.safetensors"));
}

TEST_F(ScoreTableTest, BadRowsAreNamed) {
  struct Case {
    const char* line;
    const char* message;
  };
  for (const Case& c :
       {Case{R"({"query_id":"q","score":1})", "scores.jsonl:2: the key \"page_id\""},
        Case{R"({"query_id":"q","page_id":"p","score":"1"})", ":2: score"},
        Case{R"({"query_id":"q","page_id":"p","score":null})", ":2: score"},
        Case{R"({"query_id":7,"page_id":"p","score":1})", ":2: query_id"}, Case{"{", ":2"},
        Case{"[]", ":2: an object is wanted"}}) {
    const fs::path file =
        jsonl(std::string("{\"query_id\":\"q\",\"page_id\":\"p\",\"score\":1}\n") + c.line);
    EXPECT_THAT(test::error_of([&] { read(file); }, ErrorCode::kBadInput), HasSubstr(c.message));
  }
  const fs::path null = parquet({{std::string("q"), std::monostate{}, 1.0}});
  EXPECT_THAT(test::error_of([&] { read(null); }, ErrorCode::kBadInput),
              HasSubstr("row 1: query_id, page_id or score is null"));
  const fs::path nan = parquet({{std::string("q"), std::string("p"), std::nan("")}});
  EXPECT_THAT(test::error_of([&] { read(nan); }, ErrorCode::kBadInput),
              HasSubstr("the score of \"q\" and \"p\" is no finite number"));
  EXPECT_THAT(test::error_of([&] { read(directory_.path() / "x.csv"); }, ErrorCode::kUsage),
              HasSubstr("ends in .jsonl or .parquet"));
}

}  // namespace
}  // namespace recto
