#pragma once
// Files to documents with rendered pages and verified headings, each on its own: what can run in
// parallel, and what a later run could take up again.

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "curate/audit.h"
#include "curate/curate.h"
#include "curate/headings.h"

namespace recto {

struct SourceFile {
  std::filesystem::path path;
  std::string sha256;
  size_t position = 0;  ///< among the listed files
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
  bool kept = false;  ///< false: `audit` says why, and nothing else is filled in
  SourceFile source;
  std::string title;
  std::string producer;
  bool is_image = false;
  int pages = 0;  ///< that could be rendered
  int64_t outline_entries = 0;
  std::vector<Heading> headings;     ///< on pages that could be rendered
  std::filesystem::path pages_file;  ///< Parquet, in the columns of the table pages
  std::vector<Error> problems;       ///< of the file and its pages, in order
  Audit audit;
};

/// Opens a file in a page worker, renders and encodes its pages into `scratch` and finds its
/// headings. What is wrong with the file or a page is recorded, not thrown; after three pages in
/// a row that fail (without keep_going: one), the rest of the document is given up. Throws
/// Error(kIo) when `scratch` cannot be written, Error(kInterrupted). `page_done` is called after
/// each page.
IngestedDocument ingest_document(const SourceFile& source, const std::filesystem::path& scratch,
                                 const CurateOptions& options,
                                 const std::function<void()>& page_done);

/// `message` of an error with the path of `file` shortened to its name, so that what is recorded
/// does not depend on where the files lie.
std::string portable_message(std::string message, const std::filesystem::path& file);

}  // namespace recto
