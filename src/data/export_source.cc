#include "data/export_source.h"

#include <algorithm>

#include "base/file.h"
#include "data/table_scan.h"
#include "page/decode.h"

namespace recto {

namespace {

constexpr ParquetWriter::Limits kImageLimits{.group_rows = 100};

bool has_images(const std::vector<Column>& columns) {
  return std::any_of(columns.begin(), columns.end(),
                     [](const Column& column) { return column.type == ColumnType::kImage; });
}

}  // namespace

std::vector<std::string> ExportSplit::answers(const std::string& query_id) const {
  std::vector<std::string> pages;
  const auto found = qrels.find(query_id);
  if (found == qrels.end()) return pages;
  for (const QrelRow& row : found->second) {
    if (row.score > 0) pages.push_back(row.page_id);
  }
  return pages;
}

std::vector<std::string> ExportSplit::negatives_of(const std::string& query_id, size_t most) const {
  std::vector<std::string> pages;
  const auto found = negatives.find(query_id);
  if (found == negatives.end()) return pages;
  for (const NegativeRow& row : found->second) {
    if (pages.size() == most) break;
    pages.push_back(row.page_id);
  }
  return pages;
}

size_t ExportSplit::most_negatives(size_t most) const {
  size_t largest = 0;
  for (const auto& [query, rows] : negatives) largest = std::max(largest, rows.size());
  return std::min(largest, most);
}

ExportSplit load_export_split(const Dataset& dataset, const std::string& split) {
  ExportSplit out;
  out.name = split;
  out.queries = dataset.queries(split);
  scan_table<QrelRow>(dataset.path(), split,
                      [&](QrelRow&& row) { out.qrels[row.query_id].push_back(std::move(row)); });
  scan_table<NegativeRow>(dataset.path(), split, [&](NegativeRow&& row) {
    out.negatives[row.query_id].push_back(std::move(row));
  });
  for (auto& [query, rows] : out.negatives) {
    std::stable_sort(rows.begin(), rows.end(),
                     [](const NegativeRow& a, const NegativeRow& b) { return a.rank < b.rank; });
  }
  return out;
}

std::string image_file_name(const std::string& page_id, const std::string& bytes) {
  const std::string format = image_format(as_bytes(bytes));
  return page_id + "." + (format == "jpeg" || format.empty() ? "jpg" : format);
}

Cell image_cell(const std::string& page_id, std::string bytes) {
  std::string path = image_file_name(page_id, bytes);
  return ImageCell{std::move(bytes), std::move(path)};
}

void ExportTables::declare(const std::string& config, const std::string& folder,
                           const std::vector<Column>& columns) {
  tables_.push_back({config, folder, columns, {}, {}});
}

ExportTables::TableFiles& ExportTables::table(const std::string& config) {
  const auto found = std::find_if(tables_.begin(), tables_.end(),
                                  [&](const TableFiles& t) { return t.config == config; });
  RECTO_CHECK(found != tables_.end());
  return *found;
}

const ExportTables::TableFiles& ExportTables::table(const std::string& config) const {
  return const_cast<ExportTables*>(this)->table(config);
}

void ExportTables::append(const std::string& config, const std::string& split, const Row& row) {
  TableFiles& files = table(config);
  size_t i = 0;
  while (i < files.splits.size() && files.splits[i].first != split) ++i;
  if (i == files.splits.size()) {
    const auto limits = has_images(files.columns) ? kImageLimits : ParquetWriter::Limits{};
    files.splits.emplace_back(split,
                              ShardWriter(directory_ / files.folder, split, files.columns, limits));
    files.rows.push_back(0);
  }
  files.splits[i].second.append(row);
  ++files.rows[i];
}

int64_t ExportTables::rows(const std::string& config, const std::string& split) const {
  const TableFiles& files = table(config);
  for (size_t i = 0; i < files.splits.size(); ++i) {
    if (files.splits[i].first == split) return files.rows[i];
  }
  return 0;
}

std::vector<CardTable> ExportTables::finish() {
  std::vector<CardTable> cards;
  for (TableFiles& files : tables_) {
    CardTable card{files.config, files.columns, {}, files.folder, &files == tables_.data()};
    for (auto& [split, writer] : files.splits) {
      CardSplit counts{split, 0, writer.value_bytes(), 0};
      for (const Shard& shard : writer.finish()) {
        counts.rows += shard.rows;
        counts.file_bytes += shard.bytes;
      }
      card.splits.push_back(std::move(counts));
    }
    if (!card.splits.empty()) cards.push_back(std::move(card));
  }
  return cards;
}

}  // namespace recto
