#pragma once
// A retrieval task: queries, the pages they are asked over, and which pages answer them.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "eval/metrics.h"

namespace recto {

struct RetrievalTask {
  std::string name;  ///< of the dataset's directory
  std::string split;
  std::string revision;  ///< SHA-256 of manifest.json, "" without one
  std::vector<std::string> page_ids;
  std::vector<std::string> page_texts;
  std::vector<QueryRow> queries;  ///< those with a judgement, sorted by id
  Qrels qrels;
  int64_t queries_without_qrels = 0;  ///< left out

  /// Languages of the queries, sorted, without "".
  std::vector<std::string> languages() const;
};

/// The task of one split. Throws Error(kBadInput) when no query has a judgement, a query or page
/// id is there twice, or a judgement names a page or query that is not there; Error(kNotFound) for
/// an unknown split.
RetrievalTask load_task(const Dataset& dataset, const std::string& split);

}  // namespace recto
