#pragma once
// The tables of a dataset as columns and rows (docs/formats/dataset.md).

#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/parquet.h"

namespace recto {

/// Table<R>: what table rows of type R are in. `columns()` in file order, `to_row` and `from_row`
/// agree with it; null cells read as "" and 0.
template <typename R>
struct Table;

template <>
struct Table<DocumentRow> {
  static constexpr const char* kName = "documents";
  static std::vector<Column> columns();
  static Row to_row(const DocumentRow& row);
  static DocumentRow from_row(Row&& row);
};

template <>
struct Table<PageRow> {
  static constexpr const char* kName = "pages";
  /// Pages can be read without their images (and word boxes).
  static std::vector<Column> columns(bool with_image = true);
  /// The image's path is page_id with the ending of its format.
  static Row to_row(const PageRow& row);
  static PageRow from_row(Row&& row, bool with_image = true);
};

template <>
struct Table<QueryRow> {
  static constexpr const char* kName = "queries";
  static std::vector<Column> columns();
  static Row to_row(const QueryRow& row);
  static QueryRow from_row(Row&& row);
};

template <>
struct Table<QrelRow> {
  static constexpr const char* kName = "qrels";
  static std::vector<Column> columns();
  static Row to_row(const QrelRow& row);
  static QrelRow from_row(Row&& row);
};

template <>
struct Table<NegativeRow> {
  static constexpr const char* kName = "negatives";
  static std::vector<Column> columns();
  static Row to_row(const NegativeRow& row);
  static NegativeRow from_row(Row&& row);
};

template <>
struct Table<AuditRow> {
  static constexpr const char* kName = "audit";
  static std::vector<Column> columns();
  static Row to_row(const AuditRow& row);
  static AuditRow from_row(Row&& row);
};

/// Names of all tables, in the order they are listed in.
std::vector<std::string> table_names();
/// The columns of a table of table_names().
std::vector<Column> table_columns(const std::string& table);

}  // namespace recto
