#pragma once
// The first phase of curation over all files: each becomes a record and a pages file on disk, in
// parallel, and what a former run has finished is not done again.

#include <filesystem>
#include <string>
#include <vector>

#include "curate/curate.h"
#include "curate/curation_tools.h"
#include "curate/ingest.h"

namespace recto {

/// Part `index` (from 1) of `count`; as it is, the whole.
struct ShardPart {
  int index = 1;
  int count = 1;
};

/// The files of a run, in the order they were given.
struct Listing {
  /// Working directory of the run: what relative locations stand in.
  std::filesystem::path directory;
  SourceList files;
  std::vector<AuditRow> audit;  ///< of files that were left out
  /// SHA-256 of what decides the dataset: settings, tools that read, and the files with what
  /// --sources says of them; not where they lie. Manifests and shards hold it.
  std::string run_sha256;
  Json tools;  ///< tool_versions(), which manifests and shards hold, too
};

/// Unpacks archives and converts office files into `scratch`, where a former run's are used.
Listing list_files(const std::vector<std::filesystem::path>& paths,
                   const std::filesystem::path& scratch, const CurateOptions& options,
                   const CurationTools& tools);

/// Throws Error(kBadInput) when no file is there to be read, saying which are, or all are left out;
/// Error(kUsage) for a pattern of options.test_documents or validation_documents that matches none
/// of the files, and without options.keep_going the error of the first file that cannot be read.
void check_files(const Listing& files, const CurateOptions& options);

/// Throws Error(kUsage) for a part that there is not, such as 3/2.
void check_part(const ShardPart& part);

/// The files that `part` reads: those at positions index - 1, index - 1 + count, ... of `sources`.
std::vector<Source> sources_of(const std::vector<Source>& sources, const ShardPart& part);

/// Where the first phase has put a document.
struct RecordPlace {
  std::filesystem::path record;
  std::filesystem::path pages;
};

RecordPlace record_place(const std::filesystem::path& documents, const std::string& sha256);

/// Reads `sources` into `documents` (a directory), but for those whose record is there with the
/// same provenance. Without options.keep_going the first bad file in order is thrown, and what is
/// before it is finished. Says what an endpoint was asked and what it cost. Throws Error(kIo),
/// Error(kInterrupted).
void read_documents(const std::vector<Source>& sources, const CurateOptions& options,
                    const CurationTools& tools, const std::filesystem::path& documents);

/// What the records of `sources` hold: files, documents, pages, headings, problems.
CurateReport count_records(const std::vector<Source>& sources,
                           const std::filesystem::path& documents);

/// A dry run (EndpointSettings::dry_run): reads the files of `part` to a place that does not last
/// and says what the endpoint would be asked, and what that would cost. Returns what was read.
CurateReport count_requests(const std::vector<std::filesystem::path>& paths,
                            const CurateOptions& options, const ShardPart& part = {});

}  // namespace recto
