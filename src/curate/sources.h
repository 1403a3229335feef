#pragma once
// PATHs to the files a dataset is made of: PDFs, images, folders of them, archives, compressed and
// office files, each with its hash and what is known of where it comes from.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "curate/audit.h"
#include "curate/document.h"
#include "curate/office.h"
#include "curate/provenance.h"
#include "curate/source_place.h"
#include "curate/unpack.h"

namespace recto {

/// What is wrong with files and their pages, by the file's position among the listed ones.
using FileProblems = std::map<size_t, std::vector<Error>>;

struct Source {
  SourcePlace place;
  /// What to read: the file itself, or one in the scratch directory.
  std::filesystem::path path;
  /// Of the document as it came: unpacked, but not converted.
  std::string sha256;
  size_t position = 0;  ///< among the listed files
  SourceFacts facts;    ///< of its place; what that leaves open, of the copies' places
  /// Places of files with the same bytes, which are not read again. Patterns mean the document by
  /// any of its places.
  std::vector<SourcePlace> copies;

  std::string name() const { return place.name(); }
};

struct SourceOptions {
  UnpackSettings unpack;  ///< max_file_bytes holds for every file
  /// LibreOffice's program, as find_soffice() gives it. Without it office files are left out.
  std::filesystem::path soffice;
  OfficeLimits office;
  const Provenance* provenance = nullptr;  ///< --sources
  bool require_licence = false;            ///< files without one are left out
  int threads = 1;
};

struct SourceList {
  std::vector<Source> sources;      ///< to be read, in order
  std::vector<SourcePlace> listed;  ///< all that were found, by position; also those left out
  FileProblems problems;
  /// Globs of --sources that match no file: for a warning.
  std::vector<std::string> unused_globs;
};

/// The documents under `paths`: PATHs in order, folders sorted by path, without links to folders
/// and without `scratch`, archives sorted by member. In folders and archives files count by their
/// ending (file_kind.h); a PATH itself is taken as it is. `audit` gets a row at stage "file" (item:
/// the document's name) for every file left out, and for every archive that was unpacked;
/// `problems` an entry for what is broken, encrypted, refused or too large, and not for copies, for
/// what has no licence, and for office files where LibreOffice is missing (unless they were named
/// as a PATH). Archives are unpacked and office files converted into `scratch`, under names made of
/// hashes; a conversion that is already there is used. The same files give the same list, whatever
/// `threads` is. Throws Error(kUsage) for require_licence without provenance, Error(kNotFound) for
/// a PATH that is not there, Error(kIo) when `scratch` cannot be written, Error(kInterrupted).
SourceList collect_sources(const std::vector<std::filesystem::path>& paths,
                           const std::filesystem::path& scratch, const SourceOptions& options,
                           Audit& audit);

}  // namespace recto
