#pragma once
// The candidates of all documents to the queries of a corpus: rules, then the merging by words.

#include <filesystem>
#include <vector>

#include "curate/audit.h"
#include "curate/corpus.h"
#include "curate/cross_lingual.h"
#include "curate/curate.h"

namespace recto {

/// What the queries of a corpus are made of; everything lives during the call only.
struct QuerySources {
  const Corpus& corpus;                               ///< with families, splits and groups
  const std::vector<double>& language_confidence;     ///< of Corpus::pages, 0..1
  const std::vector<std::filesystem::path>& records;  ///< of Corpus::documents
  const std::vector<TranslatedWork>& works;           ///< as Corpus::documents
};

/// Reads the records one after the other. With options.cleaning a candidate must pass the rules
/// (curate/query_rules.h) and those of the same words are merged (curate/query_merge.h); without,
/// each candidate is a query of its own (curate/uncleaned_queries.h). Whatever is left out has a
/// row in `audit`. Throws Error(kBadInput | kIo) of a record, Error(kInterrupted).
std::vector<CorpusQuery> collect_queries(const QuerySources& sources, const CurateOptions& options,
                                         Audit& audit);

}  // namespace recto
