#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/json.h"
#include "base/sha256.h"
#include "data/parquet.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

const std::vector<Column>& golden_columns() {
  static const std::vector<Column> columns = {{"id", ColumnType::kString},
                                              {"query", ColumnType::kString},
                                              {"image", ColumnType::kImage},
                                              {"language", ColumnType::kString},
                                              {"negatives", ColumnType::kStringList},
                                              {"n", ColumnType::kInt64},
                                              {"score", ColumnType::kDouble}};
  return columns;
}

/// A cell in the form expected.json gives it.
Json cell_json(const Cell& cell) {
  struct ToJson {
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(const std::string& text) const { return text; }
    Json operator()(int64_t value) const { return value; }
    Json operator()(double value) const { return value; }
    Json operator()(const std::vector<std::string>& list) const { return list; }
    Json operator()(const std::vector<float>& list) const { return list; }
    Json operator()(const ImageCell& image) const {
      return {{"path", image.path ? Json(*image.path) : Json()},
              {"bytes_sha256", sha256_hex(std::string_view(*image.bytes))},
              {"size", image.bytes->size()}};
    }
  };
  return std::visit(ToJson{}, cell);
}

/// Scores stand in the file as text ("inf", "1e-300").
bool same_score(const Json& found, const Json& wanted) {
  if (wanted.is_null() || found.is_null()) return wanted == found;
  return found.get<double>() == std::strtod(wanted.get<std::string>().c_str(), nullptr);
}

void expect_rows(const ParquetFile& file, const Json& expected) {
  size_t row = 0;
  for (int group = 0; group < file.groups(); ++group) {
    for (const Row& cells : file.read(group, golden_columns())) {
      for (size_t i = 0; i < cells.size(); ++i) {
        const std::string& name = golden_columns()[i].name;
        const Json found = cell_json(cells[i]);
        const Json& wanted = expected.at(name).at(row);
        const bool same = name == "score" ? same_score(found, wanted) : found == wanted;
        EXPECT_TRUE(same) << name << " of row " << row << ": " << found << ", wanted " << wanted;
      }
      ++row;
    }
  }
  EXPECT_EQ(row, expected.at("id").size());
}

TEST(ParquetGolden, EveryVariantReadsAsTheSameRows) {
  const fs::path folder = test::goldens() / "parquet";
  if (!fs::exists(folder / "expected.json")) GTEST_SKIP() << "no parquet section in the goldens";
  const Json expected = read_json(folder / "expected.json");
  ASSERT_FALSE(expected.at("files").empty());
  for (const auto& [name, facts] : expected.at("files").items()) {
    SCOPED_TRACE(name);
    const ParquetFile file(folder / name);
    EXPECT_EQ(file.rows(), facts.at("num_rows").get<int64_t>());
    EXPECT_EQ(file.groups(), facts.at("num_row_groups").get<int>());
    expect_rows(file, expected.at("rows"));
  }
}

TEST(ParquetGolden, OneImageReadsAsItDoesInItsGroup) {
  const fs::path folder = test::goldens() / "parquet";
  if (!fs::exists(folder / "expected.json")) GTEST_SKIP() << "no parquet section in the goldens";
  const Json expected = read_json(folder / "expected.json");
  for (const auto& [name, facts] : expected.at("files").items()) {
    SCOPED_TRACE(name);
    const ParquetFile file(folder / name);
    size_t index = 0;
    for (int group = 0; group < file.groups(); ++group) {
      for (int64_t row = 0; row < file.group_rows(group); ++row, ++index) {
        EXPECT_EQ(sha256_hex(file.image_bytes(group, row, "image")),
                  expected.at("rows").at("image").at(index).at("bytes_sha256"));
      }
    }
  }
}

}  // namespace
}  // namespace recto
