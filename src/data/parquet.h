#pragma once
// A thin layer over Arrow's Parquet: tables of a few column types, written with the settings that
// Hugging Face `datasets` reads best, and read strictly. No Arrow type leaves this room.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace recto {

enum class ColumnType {
  kString,
  kInt32,
  kInt64,
  kFloat,
  kDouble,
  kImage,  ///< struct<bytes: binary, path: string>, an Image feature
  kStringList,
  kFloatList,
  kInt32List,
};

struct Column {
  std::string name;
  ColumnType type = ColumnType::kString;
  bool optional = false;  ///< when read: a file may lack it, its cells are then null
};

/// An encoded image; either member may be null in a file.
struct ImageCell {
  std::optional<std::string> bytes;
  std::optional<std::string> path;
};

/// monostate is null. Integers of every width are int64_t, floats double.
using Cell = std::variant<std::monostate, std::string, int64_t, double, ImageCell,
                          std::vector<std::string>, std::vector<float>, std::vector<int32_t>>;
using Row = std::vector<Cell>;

/// Bytes a cell takes, about: what limits of row groups and shards count.
int64_t cell_bytes(const Cell& cell);

/// The `datasets` features of the columns as the JSON text of footer key "huggingface".
std::string huggingface_metadata(const std::vector<Column>& columns);

/// Writes one Parquet file, a row group at a time. Text that is not UTF-8 is repaired with U+FFFD.
/// Image columns are PLAIN, uncompressed and without dictionary, the others zstd with dictionary.
/// The same rows and group sizes give the same bytes. Throws Error(kIo) naming the file.
class ParquetWriter {
 public:
  struct Limits {
    int64_t group_rows = 10'000;
    int64_t group_bytes = 32 << 20;
  };
  /// `metadata` goes into the footer beside "huggingface".
  ParquetWriter(std::filesystem::path path, std::vector<Column> columns, Limits limits,
                const std::map<std::string, std::string>& metadata = {});
  ~ParquetWriter();
  ParquetWriter(const ParquetWriter&) = delete;
  ParquetWriter& operator=(const ParquetWriter&) = delete;

  /// `row` has a cell for each column, of its type or null.
  void append(const Row& row);
  /// Writes the rows collected so far as a row group of their own.
  void end_group();
  /// Upper estimate of the file's size if it were closed now.
  int64_t size_estimate() const;
  int64_t rows() const;
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A Parquet file opened for reading. Thread-safe.
class ParquetFile {
 public:
  /// Throws Error(kBadInput) naming the file when it is not Parquet or is damaged,
  /// Error(kNotFound).
  explicit ParquetFile(const std::filesystem::path& path);
  ~ParquetFile();
  ParquetFile(ParquetFile&&) noexcept;
  ParquetFile& operator=(ParquetFile&&) noexcept;

  const std::filesystem::path& path() const;
  int64_t rows() const;
  int groups() const;
  int64_t group_rows(int group) const;
  /// Names of the top-level columns.
  std::vector<std::string> column_names() const;
  bool has_column(const std::string& name) const;
  /// False too when there is no such column.
  bool column_is_integer(const std::string& name) const;
  /// A value of the footer, empty when absent.
  std::string metadata(const std::string& key) const;

  /// The rows of a row group, with the named columns in the order asked for. Throws
  /// Error(kBadInput) naming the file and the column when it is missing, of a type that cannot
  /// be read as the one asked for, or damaged. Readable as: kString strings of every width and
  /// dictionary, kInt32 and kInt64 integers that fit, kFloat and kDouble floats and integers,
  /// kImage the struct, or plain binary (bytes) or strings (paths), the lists every kind of Arrow
  /// list.
  std::vector<Row> read(int group, const std::vector<Column>& columns) const;

  /// Bytes of one image cell, without reading the rest of its row group; "" for null.
  std::string image_bytes(int group, int64_t row, const std::string& column) const;
  /// Rows of a row group whose image is null or has no bytes. Of images that are not compressed
  /// little more than their sizes is read.
  std::vector<int64_t> rows_without_image(int group, const std::string& column) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace recto
