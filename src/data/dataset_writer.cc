#include <arrow/util/config.h>

#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "data/card.h"
#include "data/dataset.h"
#include "data/language_census.h"
#include "data/shards.h"
#include "data/tables.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

/// Pages are read one row group at a time: few rows each, since each has an image.
ParquetWriter::Limits table_limits(const std::string& table) {
  ParquetWriter::Limits limits;
  if (table == Table<PageRow>::kName) limits.group_rows = 100;
  return limits;
}

}  // namespace

struct DatasetWriter::State {
  fs::path directory;
  std::map<std::string, std::map<std::string, ShardWriter>> tables;  ///< by table, by split
  std::string pages_of;                                              ///< the split of the last page
  struct ClosedSplit {
    std::vector<Shard> shards;
    int64_t value_bytes = 0;
  };
  std::map<std::string, std::map<std::string, ClosedSplit>> closed;  ///< by table, by split
  CardFacts facts;
  LanguageCensus languages;

  void append(const std::string& table, const std::string& split, const Row& row) {
    RECTO_CHECK(closed.count(table) == 0);
    auto& writers = tables[table];
    auto found = writers.find(split);
    if (found == writers.end()) {
      if (!is_split_name(split)) {
        fail(ErrorCode::kUsage,
             "\"{}\" cannot name a split: letters, digits and underscores are wanted", split);
      }
      found = writers
                  .try_emplace(split, directory / table, split, table_columns(table),
                               table_limits(table))
                  .first;
    }
    // Of pages, which are large, those of one split at a time are in memory.
    if (table == Table<PageRow>::kName && split != pages_of) {
      const auto other = writers.find(pages_of);
      if (other != writers.end()) other->second.end_group();
      pages_of = split;
    }
    found->second.append(row);
  }

  void note(const DocumentRow& row) {
    languages.add(row);
    if (!row.licence.empty()) facts.licences.insert(row.licence);
  }
  void note(const PageRow& row) {
    languages.add(row);
    ++facts.pages;
  }
  void note(const QueryRow& row) { languages.add(row); }
  template <typename R>
  void note(const R&) {}

  template <typename R>
  void add(const std::string& split, const R& row) {
    note(row);
    append(Table<R>::kName, split, Table<R>::to_row(row));
  }

  /// Closes the files of a table.
  void close(const std::string& table) {
    for (auto& [split, writer] : tables[table]) {
      closed[table][split] = {writer.finish(), writer.value_bytes()};
    }
    tables.erase(table);
  }

  /// The description of a closed table, for the manifest and the card.
  void describe(const std::string& table, Json& manifest) {
    CardTable card{table, table_columns(table), {}};
    card.is_default = table == Table<PageRow>::kName;
    for (const auto& [split, files_of] : closed[table]) {
      CardSplit counts{split, 0, files_of.value_bytes, 0};
      Json files = Json::array();
      for (const Shard& shard : files_of.shards) {
        files.push_back({{"path", table + "/" + shard.name},
                         {"rows", shard.rows},
                         {"bytes", shard.bytes},
                         {"sha256", shard.sha256}});
        counts.rows += shard.rows;
        counts.file_bytes += shard.bytes;
      }
      manifest["tables"][table][split] = std::move(files);
      manifest["counts"][table][split] = counts.rows;
      card.splits.push_back(std::move(counts));
    }
    facts.tables.push_back(std::move(card));
  }
};

DatasetWriter::DatasetWriter(fs::path directory) : state_(std::make_unique<State>()) {
  state_->directory = std::move(directory);
}

DatasetWriter::~DatasetWriter() = default;

void DatasetWriter::add(const std::string& split, const DocumentRow& row) {
  state_->add(split, row);
}
void DatasetWriter::add(const std::string& split, const PageRow& row) { state_->add(split, row); }
void DatasetWriter::add(const std::string& split, const QueryRow& row) { state_->add(split, row); }
void DatasetWriter::add(const std::string& split, const QrelRow& row) { state_->add(split, row); }
void DatasetWriter::add(const std::string& split, const NegativeRow& row) {
  state_->add(split, row);
}
void DatasetWriter::add(const std::string& split, const AuditRow& row) { state_->add(split, row); }

void DatasetWriter::finish_small_tables() {
  for (const std::string& table : table_names()) {
    const bool small = table != Table<DocumentRow>::kName && table != Table<PageRow>::kName;
    if (small && state_->tables.count(table) != 0) state_->close(table);
  }
}

void DatasetWriter::finish(Json manifest, const std::string& card_body) {
  manifest["format"] = "recto-dataset";
  manifest["format_version"] = 1;
  manifest["tools"]["arrow"] = ARROW_VERSION_STRING;
  state_->facts.languages = state_->languages.listed();
  manifest["languages"] = {{"listed", state_->facts.languages},
                           {"unlisted_pages", state_->languages.unlisted()}};
  manifest["tables"] = Json::object();
  manifest["counts"] = Json::object();
  for (const std::string& table : table_names()) {
    if (state_->tables.count(table) != 0) state_->close(table);
    if (state_->closed.count(table) != 0) state_->describe(table, manifest);
  }
  write_file(state_->directory / "manifest.json", pretty_json(manifest));
  write_file(state_->directory / "README.md", dataset_card(state_->facts, card_body));
}

}  // namespace recto
