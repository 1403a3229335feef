#pragma once
// The files of a table's split: SPLIT-00000-of-0000N.parquet, each at most 500 MB.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/parquet.h"

namespace recto {

/// True for what `datasets` takes as the name of a split: \w+(\.\w+)* in ASCII.
bool is_split_name(const std::string& name);

/// The splits that `folder` (a table's) has files for, sorted.
std::vector<std::string> list_splits(const std::filesystem::path& folder);

/// The files of a split in order; none when there is no such split. Throws Error(kNotFound) naming
/// the file when one of the numbered files is missing.
std::vector<std::filesystem::path> list_shards(const std::filesystem::path& folder,
                                               const std::string& split);

/// A finished file.
struct Shard {
  std::string name;  ///< relative to the folder
  int64_t rows = 0;
  int64_t bytes = 0;
  std::string sha256;
};

/// Writes rows into as many files as the limit asks for.
class ShardWriter {
 public:
  /// What a file promises to stay below.
  static constexpr int64_t kMaxFileBytes = 500'000'000;
  /// Where the next file begins: room for what is not counted until a file is closed.
  static constexpr int64_t kMaxShardBytes = 490'000'000;

  /// Row groups of a file: what is known of each is in memory until the file is closed.
  static constexpr int64_t kMaxShardGroups = 50;

  ShardWriter(std::filesystem::path folder, std::string split, std::vector<Column> columns,
              ParquetWriter::Limits limits, int64_t max_shard_bytes = kMaxShardBytes);

  void append(const Row& row);
  /// Writes the rows collected so far, whose memory is free then.
  void end_group();
  /// Closes the files and gives them their names. Call once, last.
  std::vector<Shard> finish();
  /// Bytes of all cells so far: what `datasets` calls num_bytes.
  int64_t value_bytes() const { return value_bytes_; }

 private:
  std::filesystem::path part_path(size_t index) const;

  std::filesystem::path folder_;
  std::string split_;
  std::vector<Column> columns_;
  ParquetWriter::Limits limits_;
  int64_t max_shard_bytes_;
  int64_t value_bytes_ = 0;
  std::vector<int64_t> shard_rows_;
  std::unique_ptr<ParquetWriter> writer_;
};

}  // namespace recto
