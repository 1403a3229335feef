#pragma once
// Columns of a Parquet file that another tool wrote, under one of the names they go by.

#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

#include "data/parquet.h"

namespace recto {

/// Collects the columns to be read. Each function gives the place of the column in a row, or
/// kNone when the file has none of the names.
class ForeignColumns {
 public:
  static constexpr int kNone = -1;

  explicit ForeignColumns(const std::filesystem::path& file) : file_(file) {}

  /// Text, or integers that are read as their digits.
  int text(std::initializer_list<const char*> names);
  int image(std::initializer_list<const char*> names);
  int number(std::initializer_list<const char*> names);
  int texts(std::initializer_list<const char*> names);
  /// The first of text's names, or Error(kBadInput) listing what the file has.
  int required_text(std::initializer_list<const char*> names);
  int required_image(std::initializer_list<const char*> names);
  /// Images of columns PREFIX0, PREFIX1, … or from 1 on, as many as follow each other.
  std::vector<int> images(const std::string& prefix);

  const std::vector<Column>& columns() const { return columns_; }

  /// Digits for an integer; "" for null and kNone.
  static std::string text_of(const Row& row, int place);
  static bool is_null(const Row& row, int place);

 private:
  int add(std::initializer_list<const char*> names, ColumnType type);
  [[noreturn]] void missing(std::initializer_list<const char*> names) const;

  ParquetFile file_;
  std::vector<Column> columns_;
};

}  // namespace recto
