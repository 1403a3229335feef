#include "data/parquet_features.h"

#include <arrow/io/memory.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

#include <algorithm>

#include "base/file.h"
#include "base/json.h"
#include "data/arrow_error.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr int64_t kMaxImageGroupRows = 100;

/// The Arrow type that `datasets` derives from a column's feature.
const char* wanted_type(ColumnType type) {
  switch (type) {
    case ColumnType::kString:
      return "string";
    case ColumnType::kInt32:
      return "int32";
    case ColumnType::kInt64:
      return "int64";
    case ColumnType::kFloat:
      return "float";
    case ColumnType::kDouble:
      return "double";
    case ColumnType::kImage:
      return "struct<bytes: binary, path: string>";
    case ColumnType::kStringList:
      return "list<string>";
    case ColumnType::kFloatList:
      return "list<float>";
    case ColumnType::kInt32List:
      return "list<int32>";
  }
  return "";
}

/// Type as text without the names of list items, which do not matter.
std::string type_text(const arrow::DataType& type) {
  if (type.id() == arrow::Type::LIST) {
    return fmt::format("list<{}>", type_text(*type.field(0)->type()));
  }
  return type.ToString();
}

void check_field(const arrow::Schema& schema, const Column& column,
                 std::vector<std::string>& problems) {
  const auto field = schema.GetFieldByName(column.name);
  if (field == nullptr) {
    problems.push_back(fmt::format("column \"{}\" is missing", column.name));
    return;
  }
  const std::string found = type_text(*field->type());
  if (found != wanted_type(column.type)) {
    problems.push_back(
        fmt::format("column \"{}\" is {}, not {}", column.name, found, wanted_type(column.type)));
  } else if (!field->nullable()) {
    problems.push_back(fmt::format("column \"{}\" is required, not optional", column.name));
  }
}

/// The value of the footer, whatever it is.
Json footer_features(const parquet::FileMetaData& metadata, const std::string& where) {
  const auto& pairs = metadata.key_value_metadata();
  const int index = pairs == nullptr ? -1 : pairs->FindKey("huggingface");
  if (index < 0) return nullptr;
  const Json footer = parse_json(pairs->value(index), where + ": footer key \"huggingface\"");
  const Json::json_pointer place("/info/features");
  return footer.contains(place) ? footer.at(place) : Json();
}

void check_footer(const Json& found, const std::vector<Column>& columns,
                  std::vector<std::string>& problems) {
  if (!found.is_object()) {
    problems.emplace_back("the footer has no huggingface.info.features");
    return;
  }
  const Json wanted = Json::parse(huggingface_metadata(columns)).at("info").at("features");
  for (const auto& [name, feature] : wanted.items()) {
    const auto entry = found.find(name);
    if (entry == found.end()) {
      problems.push_back(fmt::format("the footer has no feature \"{}\"", name));
    } else if (*entry != feature) {
      problems.push_back(fmt::format("the footer's feature \"{}\" is {}, not {}", name,
                                     dump_json(*entry), dump_json(feature)));
    }
  }
}

void check_image_layout(const parquet::FileMetaData& metadata, const Column& column,
                        std::vector<std::string>& problems) {
  const int leaf = metadata.schema()->ColumnIndex(column.name + ".bytes");
  if (leaf < 0) return;
  for (int group = 0; group < metadata.num_row_groups(); ++group) {
    const auto row_group = metadata.RowGroup(group);
    if (row_group->num_rows() > kMaxImageGroupRows) {
      problems.push_back(fmt::format("row group {} has {} rows, more than {}", group,
                                     row_group->num_rows(), kMaxImageGroupRows));
      return;
    }
    const auto chunk = row_group->ColumnChunk(leaf);
    if (chunk->compression() != arrow::Compression::UNCOMPRESSED || chunk->has_dictionary_page()) {
      problems.push_back(
          fmt::format("column \"{}\" is compressed or has a dictionary", column.name));
      return;
    }
  }
}

}  // namespace

std::vector<std::string> feature_problems(const fs::path& path,
                                          const std::vector<Column>& columns) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  if (bytes.size() < 12) fail(ErrorCode::kBadInput, "{}: no Parquet file", path.string());
  return guard_read(path, [&] {
    auto source = std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(
        reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int64_t>(bytes.size())));
    auto made = parquet::arrow::FileReader::Make(arrow::default_memory_pool(),
                                                 parquet::ParquetFileReader::Open(source));
    check_read(made.status(), path);
    const auto reader = std::move(made).ValueUnsafe();
    std::shared_ptr<arrow::Schema> schema;
    check_read(reader->GetSchema(&schema), path);
    const parquet::FileMetaData& metadata = *reader->parquet_reader()->metadata();
    std::vector<std::string> problems;
    for (const Column& column : columns) check_field(*schema, column, problems);
    check_footer(footer_features(metadata, path.string()), columns, problems);
    for (const Column& column : columns) {
      if (column.type == ColumnType::kImage) check_image_layout(metadata, column, problems);
    }
    return problems;
  });
}

}  // namespace recto
