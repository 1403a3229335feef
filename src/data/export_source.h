#pragma once
// What an export reads: queries with their answers and negatives; images one at a time.

#include <string>
#include <unordered_map>
#include <vector>

#include "data/card.h"
#include "data/dataset.h"
#include "data/dataset_export.h"
#include "data/parquet.h"
#include "data/shards.h"

namespace recto {

/// One split, without its pages.
struct ExportSplit {
  std::string name;
  std::vector<QueryRow> queries;
  std::unordered_map<std::string, std::vector<QrelRow>> qrels;          ///< by query
  std::unordered_map<std::string, std::vector<NegativeRow>> negatives;  ///< by query and rank

  /// Pages that answer the query: those with a score above 0.
  std::vector<std::string> answers(const std::string& query_id) const;
  /// At most `most` of its negatives.
  std::vector<std::string> negatives_of(const std::string& query_id, size_t most) const;
  /// The most negatives that any query has, at most `most`.
  size_t most_negatives(size_t most) const;
};

ExportSplit load_export_split(const Dataset& dataset, const std::string& split);

/// An image cell with the name that pages have: PAGE_ID.jpg.
Cell image_cell(const std::string& page_id, std::string bytes);
/// "PAGE_ID.jpg", by what the bytes are.
std::string image_file_name(const std::string& page_id, const std::string& bytes);

/// The tables of an export, with the card that describes them.
class ExportTables {
 public:
  explicit ExportTables(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// The table of configuration `config` in `folder`; columns are those of the first call.
  void declare(const std::string& config, const std::string& folder,
               const std::vector<Column>& columns);
  void append(const std::string& config, const std::string& split, const Row& row);
  int64_t rows(const std::string& config, const std::string& split) const;
  /// Closes the files; the first declared configuration is the default one.
  std::vector<CardTable> finish();

 private:
  struct TableFiles {
    std::string config, folder;
    std::vector<Column> columns;
    std::vector<std::pair<std::string, ShardWriter>> splits;
    std::vector<int64_t> rows;
  };
  TableFiles& table(const std::string& config);
  const TableFiles& table(const std::string& config) const;

  std::filesystem::path directory_;
  std::vector<TableFiles> tables_;
};

/// What the writers of the layouts are given.
struct ExportJob {
  const Dataset& dataset;
  std::vector<std::string> splits;
  size_t negatives = 0;             ///< at most that many a query
  std::filesystem::path directory;  ///< empty, to be filled
  Json counts = Json::object();     ///< by split: what was written, and what was left out
};

/// The writers. Each fills job.directory but for README.md and counts in job.counts.
std::vector<CardTable> export_ogc(ExportJob& job);
std::vector<CardTable> export_sentence_transformers(ExportJob& job);
std::vector<CardTable> export_vidore(ExportJob& job);
std::vector<CardTable> export_mteb(ExportJob& job);
void export_beir(ExportJob& job);
/// The README.md of export_beir, whose tables are no Parquet.
std::string beir_card(const CardFacts& facts, const std::string& body);

}  // namespace recto
