#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>

#include <array>
#include <cmath>
#include <limits>
#include <mutex>
#include <utility>

#include "base/file.h"
#include "data/arrow_cells.h"
#include "data/arrow_error.h"
#include "data/parquet.h"

namespace recto {
namespace fs = std::filesystem;

struct ParquetFile::State {
  fs::path path;
  MappedFile file;
  std::unique_ptr<parquet::arrow::FileReader> reader;
  std::mutex mutex;  ///< Arrow's readers keep state; a read is short

  const parquet::FileMetaData& metadata() const { return *reader->parquet_reader()->metadata(); }

  /// Leaf columns below the top-level column `name`, in file order.
  std::vector<int> leaves(const std::string& name) const {
    std::vector<int> found;
    const parquet::SchemaDescriptor& schema = *metadata().schema();
    for (int i = 0; i < schema.num_columns(); ++i) {
      if (schema.GetColumnRoot(i)->name() == name) found.push_back(i);
    }
    if (found.empty()) {
      fail(ErrorCode::kBadInput, "{}: column \"{}\" is missing", path.string(), name);
    }
    return found;
  }

  /// Reads the images of a row group one by one.
  std::shared_ptr<parquet::ByteArrayReader> images(int group, const std::string& column) const {
    const int leaf = metadata().schema()->ColumnIndex(column + ".bytes");
    if (leaf < 0) {
      fail(ErrorCode::kBadInput, "{}: column \"{}\" is missing or no struct<bytes, path>",
           path.string(), column);
    }
    const auto values = reader->parquet_reader()->RowGroup(group)->Column(leaf);
    if (values->type() != parquet::Type::BYTE_ARRAY ||
        values->descr()->max_repetition_level() != 0) {
      fail(ErrorCode::kBadInput, "{}: column \"{}\" does not hold an image a row", path.string(),
           column);
    }
    return std::static_pointer_cast<parquet::ByteArrayReader>(values);
  }
};

ParquetFile::ParquetFile(const fs::path& path) : state_(std::make_unique<State>()) {
  state_->path = path;
  state_->file = MappedFile(path);
  const auto bytes = state_->file.bytes();
  if (bytes.size() < 12) {
    fail(ErrorCode::kBadInput, "{}: no Parquet file: it has only {} bytes", path.string(),
         bytes.size());
  }
  guard_read(path, [&] {
    auto source = std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(
        reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int64_t>(bytes.size())));
    auto parquet = parquet::ParquetFileReader::Open(std::move(source));
    auto made = parquet::arrow::FileReader::Make(arrow::default_memory_pool(), std::move(parquet));
    check_read(made.status(), path);
    state_->reader = std::move(made).ValueUnsafe();
    state_->reader->set_use_threads(false);
  });
}

ParquetFile::~ParquetFile() = default;
ParquetFile::ParquetFile(ParquetFile&&) noexcept = default;
ParquetFile& ParquetFile::operator=(ParquetFile&&) noexcept = default;

const fs::path& ParquetFile::path() const { return state_->path; }
int64_t ParquetFile::rows() const { return state_->metadata().num_rows(); }
int ParquetFile::groups() const { return state_->metadata().num_row_groups(); }

int64_t ParquetFile::group_rows(int group) const {
  return state_->metadata().RowGroup(group)->num_rows();
}

std::vector<std::string> ParquetFile::column_names() const {
  const parquet::schema::GroupNode& root = *state_->metadata().schema()->group_node();
  std::vector<std::string> names;
  names.reserve(root.field_count());
  for (int i = 0; i < root.field_count(); ++i) names.push_back(root.field(i)->name());
  return names;
}

bool ParquetFile::has_column(const std::string& name) const {
  return state_->metadata().schema()->group_node()->FieldIndex(name) >= 0;
}

bool ParquetFile::column_is_integer(const std::string& name) const {
  const parquet::SchemaDescriptor& schema = *state_->metadata().schema();
  const int leaf = schema.ColumnIndex(name);
  if (leaf < 0) return false;
  const parquet::Type::type type = schema.Column(leaf)->physical_type();
  return type == parquet::Type::INT32 || type == parquet::Type::INT64;
}

std::string ParquetFile::metadata(const std::string& key) const {
  const auto& pairs = state_->metadata().key_value_metadata();
  const int index = pairs == nullptr ? -1 : pairs->FindKey(key);
  return index < 0 ? std::string() : pairs->value(index);
}

std::vector<Row> ParquetFile::read(int group, const std::vector<Column>& columns) const {
  const std::lock_guard lock(state_->mutex);
  std::vector<Row> rows;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    if (column.optional && !has_column(column.name)) {
      if (i == 0) rows.assign(group_rows(group), Row(columns.size()));
      continue;
    }
    const std::vector<int> leaves = state_->leaves(column.name);
    guard_read(state_->path, [&] {
      auto table = state_->reader->ReadRowGroup(group, leaves);
      check_read(table.status(), state_->path);
      const auto chunks = (*table)->GetColumnByName(column.name);
      if (chunks == nullptr) {
        fail(ErrorCode::kBadInput, "{}: column \"{}\" is there twice", state_->path.string(),
             column.name);
      }
      if (i == 0) rows.assign(chunks->length(), Row(columns.size()));
      if (std::ssize(rows) != chunks->length()) {
        fail(ErrorCode::kBadInput, "{}: column \"{}\" has {} rows where others have {}",
             state_->path.string(), column.name, chunks->length(), rows.size());
      }
      int64_t row = 0;
      for (const auto& chunk : chunks->chunks()) {
        check_read(chunk->ValidateFull(), state_->path);
        const CellReader reader(chunk, column, state_->path);
        for (int64_t k = 0; k < chunk->length(); ++k) rows[row++][i] = reader.cell(k);
      }
    });
  }
  // Tables are read from one end to the other: what was read need not count as memory in use.
  state_->file.release(state_->file.bytes());
  return rows;
}

std::string ParquetFile::image_bytes(int group, int64_t row, const std::string& column) const {
  const std::lock_guard lock(state_->mutex);
  return guard_read(state_->path, [&] {
    const auto values = state_->images(group, column);
    values->Skip(row);  // skips whole pages without touching their bytes
    int16_t definition = 0;
    parquet::ByteArray value;
    int64_t read = 0;
    values->ReadBatch(1, &definition, nullptr, &value, &read);
    if (read == 0) return std::string();
    return std::string(reinterpret_cast<const char*>(value.ptr), value.len);
  });
}

std::vector<int64_t> ParquetFile::rows_without_image(int group, const std::string& column) const {
  constexpr int64_t kAtOnce = 256;
  const std::lock_guard lock(state_->mutex);
  std::vector<int64_t> rows;
  guard_read(state_->path, [&] {
    const auto images = state_->images(group, column);
    const int16_t present = images->descr()->max_definition_level();
    std::array<int16_t, kAtOnce> definitions{};
    std::array<parquet::ByteArray, kAtOnce> values{};  // the nulls left out
    int64_t row = 0;
    while (images->HasNext()) {
      int64_t read = 0;
      const int64_t count =
          images->ReadBatch(kAtOnce, definitions.data(), nullptr, values.data(), &read);
      if (count == 0) break;
      int64_t value = 0;
      for (int64_t i = 0; i < count; ++i, ++row) {
        const bool is_null = definitions[i] < present;
        if (is_null || values[value++].len == 0) rows.push_back(row);
      }
    }
  });
  state_->file.release(state_->file.bytes());
  return rows;
}

}  // namespace recto
