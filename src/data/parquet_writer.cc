#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"
#include "data/arrow_error.h"
#include "data/parquet.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

std::shared_ptr<arrow::DataType> arrow_type(ColumnType type) {
  switch (type) {
    case ColumnType::kString:
      return arrow::utf8();
    case ColumnType::kInt32:
      return arrow::int32();
    case ColumnType::kInt64:
      return arrow::int64();
    case ColumnType::kFloat:
      return arrow::float32();
    case ColumnType::kDouble:
      return arrow::float64();
    case ColumnType::kImage:
      return arrow::struct_(
          {arrow::field("bytes", arrow::binary()), arrow::field("path", arrow::utf8())});
    case ColumnType::kStringList:
      return arrow::list(arrow::utf8());
    case ColumnType::kFloatList:
      return arrow::list(arrow::float32());
    case ColumnType::kInt32List:
      return arrow::list(arrow::int32());
  }
  return nullptr;
}

/// Types that are one value a row; lists and images have features of their own.
const char* feature_dtype(ColumnType type) {
  switch (type) {
    case ColumnType::kInt32:
    case ColumnType::kInt32List:
      return "int32";
    case ColumnType::kInt64:
      return "int64";
    case ColumnType::kFloat:
    case ColumnType::kFloatList:
      return "float32";
    case ColumnType::kDouble:
      return "float64";
    default:
      return "string";
  }
}

arrow::Status append_text(arrow::StringBuilder& builder, const std::string& text) {
  return is_valid_utf8(text) ? builder.Append(text) : builder.Append(replace_invalid_utf8(text));
}

arrow::Status append_optional(arrow::BinaryBuilder& builder,
                              const std::optional<std::string>& bytes) {
  return bytes ? builder.Append(*bytes) : builder.AppendNull();
}

arrow::Status append_image(arrow::StructBuilder& builder, const ImageCell& image) {
  ARROW_RETURN_NOT_OK(builder.Append());
  auto& bytes = static_cast<arrow::BinaryBuilder&>(*builder.field_builder(0));
  auto& path = static_cast<arrow::StringBuilder&>(*builder.field_builder(1));
  ARROW_RETURN_NOT_OK(append_optional(bytes, image.bytes));
  return image.path ? append_text(path, *image.path) : path.AppendNull();
}

arrow::Status append_list(arrow::ListBuilder& builder, const Cell& cell) {
  ARROW_RETURN_NOT_OK(builder.Append());
  if (const auto* floats = std::get_if<std::vector<float>>(&cell)) {
    auto& values = static_cast<arrow::FloatBuilder&>(*builder.value_builder());
    return values.AppendValues(*floats);
  }
  if (const auto* integers = std::get_if<std::vector<int32_t>>(&cell)) {
    auto& values = static_cast<arrow::Int32Builder&>(*builder.value_builder());
    return values.AppendValues(*integers);
  }
  auto& values = static_cast<arrow::StringBuilder&>(*builder.value_builder());
  for (const std::string& text : std::get<std::vector<std::string>>(cell)) {
    ARROW_RETURN_NOT_OK(append_text(values, text));
  }
  return arrow::Status::OK();
}

arrow::Status append_cell(arrow::ArrayBuilder& builder, ColumnType type, const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return builder.AppendNull();
  switch (type) {
    case ColumnType::kString:
      return append_text(static_cast<arrow::StringBuilder&>(builder), std::get<std::string>(cell));
    case ColumnType::kInt32: {
      const int64_t value = std::get<int64_t>(cell);
      RECTO_CHECK(std::in_range<int32_t>(value));
      return static_cast<arrow::Int32Builder&>(builder).Append(static_cast<int32_t>(value));
    }
    case ColumnType::kInt64:
      return static_cast<arrow::Int64Builder&>(builder).Append(std::get<int64_t>(cell));
    case ColumnType::kFloat:
      return static_cast<arrow::FloatBuilder&>(builder).Append(
          static_cast<float>(std::get<double>(cell)));
    case ColumnType::kDouble:
      return static_cast<arrow::DoubleBuilder&>(builder).Append(std::get<double>(cell));
    case ColumnType::kImage:
      return append_image(static_cast<arrow::StructBuilder&>(builder), std::get<ImageCell>(cell));
    case ColumnType::kStringList:
    case ColumnType::kFloatList:
    case ColumnType::kInt32List:
      return append_list(static_cast<arrow::ListBuilder&>(builder), cell);
  }
  return arrow::Status::OK();
}

bool has_image(const std::vector<Column>& columns) {
  for (const Column& column : columns) {
    if (column.type == ColumnType::kImage) return true;
  }
  return false;
}

std::shared_ptr<parquet::WriterProperties> writer_properties(const std::vector<Column>& columns) {
  parquet::WriterProperties::Builder builder;
  builder.compression(parquet::Compression::ZSTD)->enable_write_page_index();
  // The size of a page is looked at after each batch: one image a batch keeps pages near 1 MB,
  // and with them what it costs to read one image.
  if (has_image(columns)) builder.write_batch_size(1);
  for (const Column& column : columns) {
    // Hardly a coordinate is there twice: a dictionary of them would be large and of no use.
    if (column.type == ColumnType::kFloatList) {
      builder.disable_dictionary(column.name + ".list.element");
    }
    if (column.type != ColumnType::kImage) continue;
    for (const char* leaf : {".bytes", ".path"}) {
      builder.compression(column.name + leaf, parquet::Compression::UNCOMPRESSED)
          ->disable_dictionary(column.name + leaf)
          ->encoding(column.name + leaf, parquet::Encoding::PLAIN);
    }
    builder.disable_statistics(column.name + ".bytes");
  }
  return builder.build();
}

}  // namespace

int64_t cell_bytes(const Cell& cell) {
  struct Size {
    int64_t operator()(std::monostate) const { return 1; }
    int64_t operator()(int64_t) const { return 8; }
    int64_t operator()(double) const { return 8; }
    int64_t operator()(const std::string& text) const { return std::ssize(text) + 4; }
    int64_t operator()(const ImageCell& image) const {
      return 8 + (image.bytes ? std::ssize(*image.bytes) : 0) +
             (image.path ? std::ssize(*image.path) : 0);
    }
    int64_t operator()(const std::vector<float>& list) const { return 4 * std::ssize(list) + 4; }
    int64_t operator()(const std::vector<int32_t>& list) const { return 4 * std::ssize(list) + 4; }
    int64_t operator()(const std::vector<std::string>& list) const {
      int64_t total = 4;
      for (const std::string& text : list) total += std::ssize(text) + 4;
      return total;
    }
  };
  return std::visit(Size{}, cell);
}

std::string huggingface_metadata(const std::vector<Column>& columns) {
  Json features = Json::object();
  for (const Column& column : columns) {
    if (column.type == ColumnType::kImage) {
      features[column.name] = {{"_type", "Image"}};
      continue;
    }
    const Json value = {{"dtype", feature_dtype(column.type)}, {"_type", "Value"}};
    const bool list = column.type == ColumnType::kStringList ||
                      column.type == ColumnType::kFloatList ||
                      column.type == ColumnType::kInt32List;
    // "Sequence" is what all versions of datasets read; "List" only those from 4 on.
    features[column.name] = list ? Json{{"feature", value}, {"_type", "Sequence"}} : value;
  }
  return dump_json({{"info", {{"features", features}}}});
}

struct ParquetWriter::State {
  fs::path path;
  std::vector<Column> columns;
  Limits limits;
  std::shared_ptr<arrow::Schema> schema;
  std::shared_ptr<arrow::io::FileOutputStream> sink;
  std::unique_ptr<parquet::arrow::FileWriter> writer;
  /// The row group being collected, by column: as rows of cells it would be several times as large.
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> group;
  int64_t group_rows = 0;
  int64_t group_bytes = 0;
  int64_t total_rows = 0;

  arrow::Status open(const std::map<std::string, std::string>& metadata) {
    auto pairs = arrow::key_value_metadata({{"huggingface", huggingface_metadata(columns)}});
    for (const auto& [key, value] : metadata) pairs->Append(key, value);
    std::vector<std::shared_ptr<arrow::Field>> fields;
    fields.reserve(columns.size());
    for (const Column& column : columns) {
      fields.push_back(arrow::field(column.name, arrow_type(column.type)));
    }
    schema = arrow::schema(std::move(fields), std::move(pairs));
    for (const Column& column : columns) {
      ARROW_ASSIGN_OR_RAISE(auto builder, arrow::MakeBuilder(arrow_type(column.type)));
      group.push_back(std::move(builder));
    }
    ARROW_ASSIGN_OR_RAISE(sink, arrow::io::FileOutputStream::Open(path.string()));
    // Arrow drops the schema's metadata from the footer unless the schema is stored with it.
    const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    ARROW_ASSIGN_OR_RAISE(
        writer, parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(), sink,
                                                 writer_properties(columns), arrow_properties));
    return arrow::Status::OK();
  }

  arrow::Status collect(const Row& row) {
    for (size_t i = 0; i < columns.size(); ++i) {
      ARROW_RETURN_NOT_OK(append_cell(*group[i], columns[i].type, row[i]));
    }
    ++group_rows;
    ++total_rows;
    return arrow::Status::OK();
  }

  arrow::Status flush() {
    if (group_rows == 0) return arrow::Status::OK();
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    arrays.reserve(columns.size());
    for (const auto& builder : group) {
      ARROW_ASSIGN_OR_RAISE(auto array, builder->Finish());
      arrays.push_back(std::move(array));
    }
    const auto table = arrow::Table::Make(schema, arrays, group_rows);
    ARROW_RETURN_NOT_OK(writer->WriteTable(*table, group_rows));
    group_rows = 0;
    group_bytes = 0;
    return arrow::Status::OK();
  }

  /// Errors of the Parquet layer arrive as exceptions that carry a Status.
  template <typename Action>
  void guarded(Action&& action) {
    try {
      check_write(action(), path);
    } catch (const parquet::ParquetStatusException& error) {
      check_write(error.status(), path);
    } catch (const parquet::ParquetException& error) {
      fail(ErrorCode::kInternal, "writing {} failed: {}", path.string(), error.what());
    }
  }
};

ParquetWriter::ParquetWriter(fs::path path, std::vector<Column> columns, Limits limits,
                             const std::map<std::string, std::string>& metadata)
    : state_(std::make_unique<State>()) {
  state_->path = std::move(path);
  state_->columns = std::move(columns);
  state_->limits = limits;
  state_->guarded([&] { return state_->open(metadata); });
}

ParquetWriter::~ParquetWriter() = default;

void ParquetWriter::append(const Row& row) {
  RECTO_CHECK(row.size() == state_->columns.size());
  int64_t bytes = 0;
  for (const Cell& cell : row) bytes += cell_bytes(cell);
  const bool full = state_->group_rows >= state_->limits.group_rows ||
                    state_->group_bytes + bytes > state_->limits.group_bytes;
  if (full) state_->guarded([&] { return state_->flush(); });
  state_->guarded([&] { return state_->collect(row); });
  state_->group_bytes += bytes;
}

void ParquetWriter::end_group() {
  state_->guarded([&] { return state_->flush(); });
}

int64_t ParquetWriter::size_estimate() const {
  // Pages, their headers and the footer add little to the values: about 1 % and a few kilobytes.
  const int64_t written = state_->sink->Tell().ValueOr(0);
  return written + state_->group_bytes + state_->group_bytes / 100 + 65'536;
}

int64_t ParquetWriter::rows() const { return state_->total_rows; }

void ParquetWriter::close() {
  state_->guarded([&] {
    ARROW_RETURN_NOT_OK(state_->flush());
    ARROW_RETURN_NOT_OK(state_->writer->Close());
    return state_->sink->Close();
  });
}

}  // namespace recto
