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

/// Directories of a run that exist.
struct AssemblyPlaces {
  std::filesystem::path scratch;  ///< for files of this run
  std::filesystem::path kept;     ///< for what a run that was stopped goes on with
  std::filesystem::path output;   ///< of the dataset, empty
};

/// Writes the dataset of `documents` (in order). `files`: what was listed, for counts and the
/// audit. Throws Error(kBadInput) when no document is left, Error(kUsage) for options that do not
/// fit the documents, Error(kIo), Error(kInterrupted).
CurateReport assemble(const std::vector<PlacedDocument>& documents, const Listing& files,
                      const CurateOptions& options, const AssemblyPlaces& places);

}  // namespace recto
