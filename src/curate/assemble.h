#pragma once
// The second phase of curation: from the records of all documents to the tables of a dataset. What
// needs the whole is done here: near-duplicates, families, splits, queries, negatives.

#include <filesystem>
#include <vector>

#include "curate/curate.h"
#include "curate/reading.h"

namespace recto {

/// A document of the corpus and where its record lies.
struct PlacedDocument {
  Source source;
  RecordPlace place;
};

/// Writes the dataset of `documents` (in order) into the existing empty directory `output`.
/// `scratch` is an existing directory for files of this run. `files`: what was listed, for counts
/// and the audit. Throws Error(kBadInput) when no document is left, Error(kUsage) for options that
/// do not fit the documents, Error(kIo), Error(kInterrupted).
CurateReport assemble(const std::vector<PlacedDocument>& documents, const Listing& files,
                      const CurateOptions& options, const std::filesystem::path& scratch,
                      const std::filesystem::path& output);

}  // namespace recto
