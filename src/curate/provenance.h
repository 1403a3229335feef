#pragma once
// --sources FILE.csv: where files come from and under which licence.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "curate/document.h"
#include "curate/source_place.h"

namespace recto {

/// The rows of a file of sources. The header names its columns, in any order: glob, which must be
/// there, and title, licence (or license), url, language. A glob is a shell pattern (* ? []; * also
/// matches /) for a file's name, its path relative to the PATH given, its path or its absolute
/// path; one that matches an archive holds for all its members. The first row that matches a file
/// is the one for it: special cases come before general ones.
class Provenance {
 public:
  /// Throws Error(kBadInput) naming file and line for what csv.h refuses, for an unknown, doubled
  /// or missing column, a row of another length than the header, an empty glob, a glob that stands
  /// twice, control characters, or a language that is no BCP 47 tag. Throws Error(kNotFound | kIo).
  static Provenance read(const std::filesystem::path& csv);
  static Provenance parse(std::string_view text, const std::string& where);

  /// The row for a file, from 0; nothing when no glob matches. Thread-safe.
  std::optional<size_t> find(const SourcePlace& place) const;
  const SourceFacts& facts(size_t row) const { return rows_[row].facts; }
  const std::string& glob(size_t row) const { return rows_[row].glob; }
  size_t size() const { return rows_.size(); }

 private:
  struct SourceRow {
    std::string glob;
    SourceFacts facts;
  };
  std::vector<SourceRow> rows_;
  std::map<std::string, size_t> by_text_;  ///< of all globs: a file that is called just so
  std::vector<size_t> patterns_;           ///< rows with * ? or [
};

}  // namespace recto
