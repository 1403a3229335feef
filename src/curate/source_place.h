#pragma once
// Where a file of a curation lies, and under which names a pattern can mean it.

#include <string>
#include <vector>

namespace recto {

struct SourcePlace {
  /// The path as it was given or found; of a member of an archive, ARCHIVE_PATH/MEMBER.
  std::string location;
  /// Where in `location` the path relative to the PATH that was given starts.
  size_t relative_at = 0;
  /// Length of the path of the archive in `location`; 0 for a file of its own.
  size_t archive_end = 0;
  /// Bytes at the end of `location` that are no part of the document's own name (".gz").
  size_t compression_bytes = 0;

  bool in_archive() const { return archive_end > 0; }
  /// The path relative to the PATH that was given.
  std::string relative() const;
  /// What the document is called: the file's name, inside an archive ARCHIVE/MEMBER with the
  /// archive's file name; of a compressed file (manual.pdf.gz) the name without that ending.
  std::string name() const;
};

/// What a pattern is compared with: file name, path relative to the PATH given, path as given,
/// absolute path; of a member the same of its archive too, and ARCHIVE/MEMBER.
std::vector<std::string> glob_names(const SourcePlace& place);

/// Whether a shell pattern (* ? []; * also matches /) matches one of glob_names(place), or is one.
bool matches_glob(const std::string& pattern, const SourcePlace& place);

}  // namespace recto
