#pragma once
// A recto dataset: a directory of Parquet tables that Hugging Face `datasets` loads too
// (docs/formats.md gives the columns). Splits: "train", "validation", "test".

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace recto {

struct DocumentRow {
  std::string document_id;  ///< SHA-256 of the file, 64 hexadecimal digits
  std::string source_name;  ///< file name, never interpreted
  std::string title;
  std::string licence;
  std::string url;  ///< where the file came from, as --sources says it
  std::string producer;
  int pages = 0;
  std::string language;  ///< of most of its pages, BCP 47, "" when unknown
  std::string family;    ///< documents of one family are in one split
  std::string split;
};

struct PageRow {
  std::string page_id;  ///< document_id + "-" + page_number
  std::string document_id;
  int page_number = 0;  ///< from 1
  std::string image;    ///< encoded JPEG or PNG; left empty unless asked for
  int width = 0, height = 0;
  std::string text;
  std::string text_source;  ///< "text_layer", "ocr" or "none"
  /// The words and, four numbers each, their boxes: left, top, right, bottom in fractions of the
  /// page, origin top left. Read by nothing but a copy of the table.
  std::vector<std::string> words;
  std::vector<float> word_boxes;
  std::string language;
  float language_confidence = 0;  ///< 0..1
  std::string content_class;
  std::string perceptual_hash;  ///< 64 hexadecimal digits, "" when not computed
  std::string near_group;       ///< pages that show the same share it, "" when alone
};

struct QueryRow {
  std::string query_id;
  std::string query;
  std::string language;
  std::string kind;    ///< heading, question, caption, index, sentence, cross_lingual, ...
  std::string method;  ///< generator that made it
  std::string generator_version;
};

struct QrelRow {
  std::string query_id;
  std::string page_id;
  int score = 1;
};

struct NegativeRow {
  std::string query_id;
  std::string page_id;
  int rank = 0;
  float score = 0;
  std::string miner;
};

struct AuditRow {
  std::string item;  ///< document, page or query id
  std::string stage;
  std::string decision;  ///< "kept" or "dropped"
  std::string reason;
  double score = 0;
  double threshold = 0;
};

/// A dataset opened for reading. Rows come in file order. Thread-safe.
class Dataset {
 public:
  /// Throws Error(kNotFound | kBadInput) naming the table and column.
  static Dataset open(const std::filesystem::path& directory);

  const std::filesystem::path& path() const { return path_; }
  const Json& manifest() const { return manifest_; }
  /// Splits that have a pages table.
  std::vector<std::string> splits() const;

  std::vector<DocumentRow> documents(const std::string& split) const;
  /// Without image bytes.
  std::vector<PageRow> pages(const std::string& split) const;
  std::vector<QueryRow> queries(const std::string& split) const;
  std::vector<QrelRow> qrels(const std::string& split) const;
  std::vector<NegativeRow> negatives(const std::string& split) const;

  /// Calls `visit` with every page of the split, image bytes included, one row group at a time.
  void for_each_page(const std::string& split, const std::function<void(PageRow&&)>& visit) const;
  /// The encoded image of one page (reads its row group; the last one is kept).
  std::string image(const std::string& split, const std::string& page_id) const;
  /// Ids of the pages whose image has no bytes, in file order. No image is read for it where they
  /// are uncompressed, as recto writes them.
  std::vector<std::string> pages_without_image(const std::string& split) const;

 private:
  struct Cache;
  std::filesystem::path path_;
  Json manifest_;
  std::shared_ptr<Cache> cache_;
};

/// Writes a dataset into an existing empty directory (a StagedDirectory's). Rows go to tables by
/// split; page images are streamed, so memory stays bounded. Same rows, same bytes.
class DatasetWriter {
 public:
  explicit DatasetWriter(std::filesystem::path directory);
  ~DatasetWriter();
  DatasetWriter(const DatasetWriter&) = delete;
  DatasetWriter& operator=(const DatasetWriter&) = delete;

  void add(const std::string& split, const DocumentRow& row);
  void add(const std::string& split, const PageRow& row);
  void add(const std::string& split, const QueryRow& row);
  void add(const std::string& split, const QrelRow& row);
  void add(const std::string& split, const NegativeRow& row);
  void add(const std::string& split, const AuditRow& row);
  /// Closes the tables that have rows but those of documents and pages: nothing is added to them
  /// any more, and their memory is free for the pages.
  void finish_small_tables();
  /// Closes the tables, writes manifest.json (with counts and the tables' hashes added) and the
  /// card README.md.
  void finish(Json manifest, const std::string& card_body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace recto
