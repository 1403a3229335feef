#pragma once
// The place where a changed dataset is written: over the old one, or to a new directory.

#include <filesystem>
#include <optional>

#include "base/file.h"
#include "base/replaced_directory.h"

namespace recto {

/// A dataset changed as a whole. Destroyed without commit, it leaves everything as it was.
class DatasetChange {
 public:
  /// `output` empty: `directory` itself is replaced (base/replaced_directory.h). Throws
  /// Error(kUsage) when a run of "recto curate" has left an unfinished "DIRECTORY.partial", which
  /// holds documents too, or `output` exists.
  DatasetChange(const std::filesystem::path& directory, const std::filesystem::path& output);

  /// Where the new tables go.
  const std::filesystem::path& path() const;
  void commit();
  /// Directories beside the dataset that ended processes had left; they are removed.
  const std::vector<std::filesystem::path>& removed() const { return removed_; }

 private:
  std::vector<std::filesystem::path> removed_;
  std::optional<ReplacedDirectory> replaced_;
  std::optional<StagedDirectory> staged_;
};

}  // namespace recto
