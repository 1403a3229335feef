#include "data/shards.h"

#include <algorithm>
#include <regex>
#include <set>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

struct ShardName {
  std::string split;
  int index = 0;
  int count = 0;
};

bool parse_shard_name(const std::string& name, ShardName& out) {
  static const std::regex pattern(R"((\w+(?:\.\w+)*)-(\d{5})-of-(\d{5})\.parquet)");
  std::smatch match;
  if (!std::regex_match(name, match, pattern)) return false;
  out = {match[1], std::stoi(match[2]), std::stoi(match[3])};
  return true;
}

std::string shard_name(const std::string& split, size_t index, size_t count) {
  return fmt::format("{}-{:05}-of-{:05}.parquet", split, index, count);
}

std::vector<ShardName> shards_in(const fs::path& folder) {
  std::vector<ShardName> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    ShardName name;
    if (parse_shard_name(entry.path().filename().string(), name)) found.push_back(name);
  }
  return found;
}

}  // namespace

bool is_split_name(const std::string& name) {
  static const std::regex pattern(R"([A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*)");
  return std::regex_match(name, pattern);
}

std::vector<std::string> list_splits(const fs::path& folder) {
  std::set<std::string> names;
  for (const ShardName& shard : shards_in(folder)) names.insert(shard.split);
  return {names.begin(), names.end()};
}

std::vector<fs::path> list_shards(const fs::path& folder, const std::string& split) {
  int count = 0;
  std::vector<fs::path> paths;
  for (const ShardName& shard : shards_in(folder)) {
    if (shard.split == split) count = std::max(count, shard.count);
  }
  for (int i = 0; i < count; ++i) {
    paths.push_back(folder / shard_name(split, static_cast<size_t>(i), static_cast<size_t>(count)));
    if (!fs::exists(paths.back())) {
      fail(ErrorCode::kNotFound, "{} is missing: the table has {} files; copy it again",
           paths.back().string(), count);
    }
  }
  return paths;
}

ShardWriter::ShardWriter(fs::path folder, std::string split, std::vector<Column> columns,
                         ParquetWriter::Limits limits, int64_t max_shard_bytes)
    : folder_(std::move(folder)),
      split_(std::move(split)),
      columns_(std::move(columns)),
      limits_(limits),
      max_shard_bytes_(max_shard_bytes) {
  make_directories(folder_);
}

fs::path ShardWriter::part_path(size_t index) const {
  return folder_ / fmt::format("{}-{:05}.part", split_, index);
}

void ShardWriter::append(const Row& row) {
  int64_t bytes = 0;
  for (const Cell& cell : row) bytes += cell_bytes(cell);
  const bool full = writer_ != nullptr && writer_->rows() > 0 &&
                    (writer_->size_estimate() + bytes > max_shard_bytes_ ||
                     writer_->rows() >= kMaxShardGroups * limits_.group_rows);
  if (full) {
    writer_->close();
    writer_.reset();
  }
  if (writer_ == nullptr) {
    writer_ = std::make_unique<ParquetWriter>(part_path(shard_rows_.size()), columns_, limits_);
    shard_rows_.push_back(0);
  }
  writer_->append(row);
  ++shard_rows_.back();
  value_bytes_ += bytes;
}

void ShardWriter::end_group() {
  if (writer_ != nullptr) writer_->end_group();
}

std::vector<Shard> ShardWriter::finish() {
  if (writer_ != nullptr) writer_->close();
  writer_.reset();
  std::vector<Shard> shards;
  for (size_t i = 0; i < shard_rows_.size(); ++i) {
    const std::string name = shard_name(split_, i, shard_rows_.size());
    std::error_code error;
    fs::rename(part_path(i), folder_ / name, error);
    if (error)
      fail_errno(error.value(),
                 fmt::format("cannot write {}", final_path(folder_ / name).string()));
    shards.push_back({name, shard_rows_[i], static_cast<int64_t>(fs::file_size(folder_ / name)),
                      sha256_file(folder_ / name)});
  }
  return shards;
}

}  // namespace recto
