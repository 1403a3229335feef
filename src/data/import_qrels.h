#pragma once
// Corpus, queries and qrels that are tied by ids, on their way into an ImportSink.

#include <string>
#include <unordered_map>
#include <vector>

#include "data/import_sink.h"

namespace recto {

/// First all qrels are added, then pages, then queries.
class QrelsImport {
 public:
  QrelsImport(std::string fallback_split, ImportSink& sink)
      : fallback_(std::move(fallback_split)), sink_(sink) {}

  /// `split` "" is the fallback.
  void add_qrel(const std::string& split, const std::string& query_id, const std::string& corpus_id,
                int score);
  /// The split of a page, `own` being the one its file is in ("" for an unusual name).
  std::string page_split(const std::string& own, const std::string& corpus_id) const;
  /// For an evaluation, throws Error(kBadInput) for an id that is there with two contents.
  void add_pages(std::vector<std::string>&& corpus_ids, std::vector<IncomingPage>&& pages);
  /// `id` is the query's in qrels, `name` what it is called in the dataset. For an evaluation, one
  /// that is there again with the same text is counted, and with another Error(kBadInput).
  void add_query(const std::string& own_split, const std::string& id, const std::string& name,
                 const std::string& text, const std::string& language);

 private:
  /// Whether a query of that id was added before; only of evaluations.
  bool is_repeated(const std::string& id, const std::string& text);

  struct Qrel {
    std::string split, corpus_id;
    int score = 0;
  };
  std::string fallback_;
  ImportSink& sink_;
  std::vector<std::string> splits_;                           ///< of the qrels, by precedence
  std::unordered_map<std::string, std::vector<Qrel>> qrels_;  ///< by query
  std::unordered_map<std::string, std::string> split_of_page_;
  std::unordered_map<std::string, int> page_of_id_;
  std::unordered_map<std::string, std::string> text_of_query_;
};

/// A grade as the sources write it: an integer, or a number with nothing behind the point. Throws
/// Error(kBadInput) naming `where`.
int parse_grade(double value, const std::string& where);

}  // namespace recto
