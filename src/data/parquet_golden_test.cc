#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/json.h"
#include "base/sha256.h"
#include "data/parquet.h"
#include "support/golden_sections.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

ColumnType type_of(const Json& feature) {
  const std::string kind = feature.at("_type");
  if (kind == "Image") return ColumnType::kImage;
  if (kind == "List" || kind == "Sequence") {
    return feature.at("feature").at("dtype") == "string" ? ColumnType::kStringList
                                                         : ColumnType::kFloatList;
  }
  const std::string dtype = feature.at("dtype");
  if (dtype == "string") return ColumnType::kString;
  return dtype.starts_with("float") ? ColumnType::kDouble : ColumnType::kInt64;
}

std::vector<Column> golden_columns(const Json& expected) {
  std::vector<Column> columns;
  for (const auto& [name, feature] :
       expected.at("huggingface_metadata").at("info").at("features").items()) {
    columns.push_back({name, type_of(feature)});
  }
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
    Json operator()(const std::vector<int32_t>& list) const { return list; }
    Json operator()(const ImageCell& image) const {
      return {{"path", image.path ? Json(*image.path) : Json()},
              {"bytes_sha256", sha256_hex(image.bytes.value_or(""))},
              {"size", image.bytes.value_or("").size()}};
    }
  };
  return std::visit(ToJson{}, cell);
}

/// Floats stand in the file as text ("inf", "1e-300").
bool same(const Json& found, const Json& wanted) {
  if (found.is_number_float() && wanted.is_string()) {
    return found.get<double>() == std::strtod(wanted.get<std::string>().c_str(), nullptr);
  }
  return found == wanted;
}

void expect_rows(const ParquetFile& file, const Json& expected) {
  const auto columns = golden_columns(expected);
  size_t row = 0;
  for (int group = 0; group < file.groups(); ++group) {
    for (const Row& cells : file.read(group, columns)) {
      for (size_t i = 0; i < cells.size(); ++i) {
        const Json found = cell_json(cells[i]);
        const Json& wanted = expected.at("rows").at(columns[i].name).at(row);
        EXPECT_TRUE(same(found, wanted))
            << columns[i].name << " of row " << row << ": " << found << ", wanted " << wanted;
      }
      ++row;
    }
  }
  EXPECT_EQ(row, expected.at("rows").begin()->size());
}

TEST(ParquetGolden, EveryVariantReadsAsTheSameRows) {
  const fs::path folder = test::goldens() / "parquet";
  if (!fs::exists(folder / "expected.json")) GTEST_SKIP() << "no parquet section in the goldens";
  const Json expected = read_json(folder / "expected.json");
  test::GoldenSections sections;
  for (const auto& [name, facts] : expected.at("files").items()) {
    SCOPED_TRACE(name);
    if (!sections.has(folder / name)) continue;
    sections.tested();
    const ParquetFile file(folder / name);
    EXPECT_EQ(file.rows(), facts.at("num_rows").get<int64_t>());
    EXPECT_EQ(file.groups(), facts.at("num_row_groups").get<int>());
    expect_rows(file, expected);
  }
  sections.finish();
}

TEST(ParquetGolden, OneImageReadsAsItDoesInItsGroup) {
  const fs::path folder = test::goldens() / "parquet";
  if (!fs::exists(folder / "expected.json")) GTEST_SKIP() << "no parquet section in the goldens";
  const Json expected = read_json(folder / "expected.json");
  test::GoldenSections sections;
  for (const auto& [name, facts] : expected.at("files").items()) {
    SCOPED_TRACE(name);
    if (!sections.has(folder / name)) continue;
    sections.tested();
    const ParquetFile file(folder / name);
    size_t index = 0;
    for (int group = 0; group < file.groups(); ++group) {
      for (int64_t row = 0; row < file.group_rows(group); ++row, ++index) {
        EXPECT_EQ(sha256_hex(file.image_bytes(group, row, "image")),
                  expected.at("rows").at("image").at(index).at("bytes_sha256"));
      }
    }
  }
  sections.finish();
}

}  // namespace
}  // namespace recto
