#pragma once
// Tables of any size, a few rows at a time.

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/interrupt.h"
#include "data/parquet.h"
#include "data/shards.h"
#include "data/tables.h"

namespace recto {

/// Rows in memory at a time when each may have images.
inline constexpr int kImageBatch = 32;
inline constexpr int kRowBatch = 4096;

/// Calls `visit` with the rows of a Parquet file in order, at most `batch_rows` at a time, whatever
/// the size of its row groups; the cells are those of `columns`, as ParquetFile::read gives them,
/// but for text that is not UTF-8, which comes as it is. Throws Error(kBadInput) naming the file
/// and column, Error(kNotFound); what `visit` throws is passed on.
void for_each_batch(const std::filesystem::path& file, const std::vector<Column>& columns,
                    int batch_rows, const std::function<void(std::vector<Row>&&)>& visit);

/// Calls `visit` with each row of a split of a table of the dataset in `directory`; nothing happens
/// when it has no such table.
template <typename R>
void scan_table(const std::filesystem::path& directory, const std::string& split,
                const std::function<void(R&&)>& visit) {
  const bool images = std::string(Table<R>::kName) == Table<PageRow>::kName;
  for (const auto& file : list_shards(directory / Table<R>::kName, split)) {
    for_each_batch(file, Table<R>::columns(), images ? kImageBatch : kRowBatch,
                   [&](std::vector<Row>&& rows) {
                     throw_if_interrupted();
                     for (Row& row : rows) visit(Table<R>::from_row(std::move(row)));
                   });
  }
}

/// Pages without their images, but with their words.
void scan_pages(const std::filesystem::path& directory, const std::string& split,
                const std::function<void(PageRow&&)>& visit);

}  // namespace recto
