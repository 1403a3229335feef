#pragma once
// Cells out of Arrow arrays, whatever width and encoding the writer chose. Only the .cc files of
// this room include it.

#include <arrow/array.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "data/parquet.h"

namespace recto {

/// Reads the cells of one array as a column of the asked-for type.
class CellReader {
 public:
  /// Throws Error(kBadInput) naming file and column when the array's type cannot be read as
  /// column.type.
  CellReader(std::shared_ptr<arrow::Array> array, const Column& column,
             const std::filesystem::path& path);

  /// Throws Error(kBadInput) for an integer out of range.
  Cell cell(int64_t row) const;

 private:
  [[noreturn]] void wrong_type(const char* wanted) const;
  Cell image(int64_t row) const;
  Cell list(int64_t row) const;
  std::vector<int32_t> integers(const arrow::Array& items) const;
  int64_t integer(int64_t row) const;

  std::shared_ptr<arrow::Array> array_;
  const Column& column_;
  const std::filesystem::path& path_;
};

}  // namespace recto
