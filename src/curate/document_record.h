#pragma once
// What the first phase of curation leaves of a document for the second: a JSON file beside the
// Parquet file of its pages.

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "curate/audit.h"
#include "curate/cross_lingual.h"
#include "curate/document.h"

namespace recto {

struct DocumentRecord {
  CuratedDocument document;  ///< without the texts of the pages and the outline
  int64_t outline_entries = 0;
  std::vector<TranslatedHeading> headings;  ///< the outline, verified
  bool kept = false;                        ///< false: the audit says why, there is no pages file
  std::vector<Candidate> candidates;
  std::vector<std::string> problems;  ///< of the file and its pages, messages in order
  std::vector<AuditRow> audit;
};

/// Writes the record, atomically: once it is there, the document is finished. The texts of the
/// pages are left out. Throws Error(kIo).
void write_record(const std::filesystem::path& file, const DocumentRecord& record);

/// Throws Error(kBadInput) naming the file and field, Error(kNotFound | kIo).
DocumentRecord read_record(const std::filesystem::path& file);

/// The provenance of a file as records and shards (curate/shard.h) have it: an object.
Json facts_json(const SourceFacts& facts);
/// The inverse. Throws Error(kBadInput) naming `where` and the field.
SourceFacts read_facts(const Json& json, const std::string& where);

}  // namespace recto
