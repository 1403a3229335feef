#include "learn/mined_negatives.h"

#include <charconv>
#include <string>

#include "base/error.h"
#include "data/parquet.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr const char* kStep = "recto_step";

std::vector<Column> columns() {
  return {{"query", ColumnType::kInt64},
          {"page", ColumnType::kInt64},
          {"query_id", ColumnType::kString},
          {"page_id", ColumnType::kString},
          {"rank", ColumnType::kInt32}};
}

int64_t step_of(const ParquetFile& file) {
  const std::string text = file.metadata(kStep);
  int64_t step = -1;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), step);
  if (error != std::errc() || stop != text.data() + text.size() || step < 0) {
    fail(ErrorCode::kBadInput, "{} is no table of mined negatives: the footer has no {}",
         file.path().string(), kStep);
  }
  return step;
}

/// The number in a cell, checked against how many there are.
size_t place_of(const Cell& cell, size_t count, const char* what, const fs::path& path) {
  const int64_t* place = std::get_if<int64_t>(&cell);
  if (place == nullptr || *place < 0 || *place >= static_cast<int64_t>(count)) {
    fail(ErrorCode::kBadInput, "{} names a {} that the data has not; it is of other data",
         path.string(), what);
  }
  return static_cast<size_t>(*place);
}

}  // namespace

void write_mined_negatives(const fs::path& path, const TrainingData& data,
                           const MinedNegatives& negatives) {
  ParquetWriter writer(path, columns(), {}, {{kStep, std::to_string(negatives.step)}});
  for (size_t q = 0; q < negatives.lists.size(); ++q) {
    int64_t rank = 0;
    for (const size_t page : negatives.lists[q]) {
      writer.append({static_cast<int64_t>(q), static_cast<int64_t>(page), data.queries[q].id,
                     data.pages[page].id, ++rank});
    }
  }
  writer.close();
}

MinedNegatives read_mined_negatives(const fs::path& path, const TrainingData& data) {
  const ParquetFile file(path);
  MinedNegatives negatives;
  negatives.step = step_of(file);
  negatives.lists.resize(data.queries.size());
  const std::vector<Column> wanted = {{"query", ColumnType::kInt64}, {"page", ColumnType::kInt64}};
  for (int group = 0; group < file.groups(); ++group) {
    for (const Row& row : file.read(group, wanted)) {
      const size_t query = place_of(row[0], data.queries.size(), "query", path);
      negatives.lists[query].push_back(place_of(row[1], data.pages.size(), "page", path));
    }
  }
  return negatives;
}

}  // namespace recto
