#pragma once
// The groups of checks that validate_dataset is made of.

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/dataset_check.h"
#include "data/dataset_validate.h"

namespace recto {

/// Files: the manifest's list against the directory, features and layout of each file, the card.
std::vector<DatasetCheck> check_files(const std::filesystem::path& directory, const Json& manifest);

/// Rows: ids, references, counts, texts, and that nothing crosses splits.
std::vector<DatasetCheck> check_rows(const std::filesystem::path& directory);

/// Pictures: that they decode to the stated size and hash.
std::vector<DatasetCheck> check_images(const std::filesystem::path& directory,
                                       const ValidateOptions& options);

/// All splits of the tables in `directory` but the audit's, sorted.
std::vector<std::string> dataset_splits(const std::filesystem::path& directory);

/// Runs `scan`, putting what it throws of damaged files among the offenders of `readable`.
template <typename Scan>
void scan_guarded(DatasetCheck& readable, Scan&& scan) {
  ++readable.checked;
  try {
    scan();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kBadInput && error.code() != ErrorCode::kNotFound) throw;
    readable.offend(error.what());
  }
}

}  // namespace recto
