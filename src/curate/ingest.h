#pragma once
// One file to a document: its pages rendered into a Parquet file, what is known of them, and the
// queries its generators propose. The first phase of curation, a document at a time.

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "curate/audit.h"
#include "curate/curate.h"
#include "curate/document_record.h"

namespace recto {

struct SourceFile {
  std::filesystem::path path;  ///< of the file to read
  std::string name;            ///< what it is called; of a member of an archive "ARCHIVE/MEMBER"
  std::filesystem::path
      origin;  ///< absolute, with the archive's for a member: its place among others
  std::string sha256;
  size_t position = 0;  ///< among the listed files
  SourceFacts facts;
};

/// What is wrong with files and their pages, by the file's position among the listed ones.
using FileProblems = std::map<size_t, std::vector<Error>>;

/// The page files under `paths`, in order, without those that cannot be read and those whose
/// content is that of an earlier one; both have a row in `audit` (item: the file's name), and the
/// former an entry in `problems`. Hashes with `threads` threads. `listed` gets every file, also the
/// ones left out. Throws Error(kNotFound) for a path that is not there.
std::vector<SourceFile> list_sources(const std::vector<std::filesystem::path>& paths, int threads,
                                     Audit& audit, std::vector<std::filesystem::path>& listed,
                                     FileProblems& problems);

struct IngestedDocument {
  DocumentRecord record;
  std::optional<Error> first_problem;  ///< of the file or a page
};

/// Opens a file in a page worker, renders and encodes its pages into `pages_file` (Parquet, the
/// columns of the table pages) and asks the generators for queries. What is wrong with the file or
/// a page is recorded, not thrown; after three pages in a row that fail (without keep_going: one),
/// the rest of the document is given up. Throws Error(kIo) when `pages_file` cannot be written,
/// Error(kInterrupted). `page_done` is called after each page.
IngestedDocument ingest_document(const SourceFile& source, const CurateOptions& options,
                                 const std::filesystem::path& pages_file,
                                 const std::function<void()>& page_done);

/// `message` of an error with the path of `file` shortened to its name, so that what is recorded
/// does not depend on where the files lie.
std::string portable_message(std::string message, const std::filesystem::path& file);

}  // namespace recto
