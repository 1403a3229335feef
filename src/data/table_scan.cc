#include "data/table_scan.h"

#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/properties.h>

#include <algorithm>
#include <numeric>

#include "base/file.h"
#include "data/arrow_cells.h"
#include "data/arrow_error.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

std::unique_ptr<parquet::arrow::FileReader> open_reader(const fs::path& path,
                                                        const MappedFile& file, int batch_rows) {
  const auto bytes = file.bytes();
  if (bytes.size() < 12) {
    fail(ErrorCode::kBadInput, "{}: no Parquet file: it has only {} bytes", path.string(),
         bytes.size());
  }
  auto source = std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(
      reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int64_t>(bytes.size())));
  // Column chunks are read as they are walked through, not at once: they can have any size.
  parquet::ReaderProperties reading;
  reading.enable_buffered_stream();
  parquet::ArrowReaderProperties properties(/*use_threads=*/false);
  properties.set_batch_size(batch_rows);
  properties.set_pre_buffer(false);
  auto made = parquet::arrow::FileReader::Make(
      arrow::default_memory_pool(), parquet::ParquetFileReader::Open(std::move(source), reading),
      properties);
  check_read(made.status(), path);
  return std::move(made).ValueUnsafe();
}

/// Leaf columns below the top-level columns that are wanted and there.
std::vector<int> wanted_leaves(const parquet::FileMetaData& metadata,
                               const std::vector<Column>& columns, const fs::path& path) {
  std::vector<int> leaves;
  const parquet::SchemaDescriptor& schema = *metadata.schema();
  for (const Column& column : columns) {
    const size_t before = leaves.size();
    for (int i = 0; i < schema.num_columns(); ++i) {
      if (schema.GetColumnRoot(i)->name() == column.name) leaves.push_back(i);
    }
    if (leaves.size() == before && !column.optional) {
      fail(ErrorCode::kBadInput, "{}: column \"{}\" is missing", path.string(), column.name);
    }
  }
  return leaves;
}

std::vector<Row> batch_rows(const arrow::RecordBatch& batch, const std::vector<Column>& columns,
                            const fs::path& path) {
  std::vector<Row> rows(batch.num_rows(), Row(columns.size()));
  for (size_t c = 0; c < columns.size(); ++c) {
    const auto array = batch.GetColumnByName(columns[c].name);
    if (array == nullptr && columns[c].optional) continue;
    if (array == nullptr) {
      fail(ErrorCode::kBadInput, "{}: column \"{}\" is there twice", path.string(),
           columns[c].name);
    }
    check_read(array->Validate(), path);
    const CellReader reader(array, columns[c], path);
    for (int64_t i = 0; i < array->length(); ++i) rows[i][c] = reader.cell(i);
  }
  return rows;
}

}  // namespace

void for_each_batch(const fs::path& path, const std::vector<Column>& columns, int size,
                    const std::function<void(std::vector<Row>&&)>& visit) {
  const MappedFile file(path);
  std::unique_ptr<parquet::arrow::FileReader> reader;
  std::unique_ptr<arrow::RecordBatchReader> batches;
  guard_read(path, [&] {
    reader = open_reader(path, file, size);
    const parquet::FileMetaData& metadata = *reader->parquet_reader()->metadata();
    std::vector<int> groups(metadata.num_row_groups());
    std::iota(groups.begin(), groups.end(), 0);
    auto made = reader->GetRecordBatchReader(groups, wanted_leaves(metadata, columns, path));
    check_read(made.status(), path);
    batches = std::move(made).ValueUnsafe();
  });
  while (true) {
    std::vector<Row> rows;
    const bool more = guard_read(path, [&] {
      std::shared_ptr<arrow::RecordBatch> batch;
      check_read(batches->ReadNext(&batch), path);
      if (batch == nullptr) return false;
      rows = batch_rows(*batch, columns, path);
      return true;
    });
    if (!more) return;
    visit(std::move(rows));
  }
}

void scan_pages(const fs::path& directory, const std::string& split,
                const std::function<void(PageRow&&)>& visit) {
  std::vector<Column> columns = Table<PageRow>::columns();
  size_t image = 0;
  while (columns[image].type != ColumnType::kImage) ++image;
  columns.erase(columns.begin() + static_cast<ptrdiff_t>(image));
  for (const fs::path& file : list_shards(directory / Table<PageRow>::kName, split)) {
    for_each_batch(file, columns, 256, [&](std::vector<Row>&& rows) {
      throw_if_interrupted();
      for (Row& row : rows) {
        row.emplace_back();
        std::rotate(row.begin() + static_cast<ptrdiff_t>(image), row.end() - 1, row.end());
        visit(Table<PageRow>::from_row(std::move(row)));
      }
    });
  }
}

}  // namespace recto
