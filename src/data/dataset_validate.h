#pragma once
// Proof of what a dataset promises (docs/formats/dataset.md).

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/dataset_check.h"

namespace recto {

struct ValidateOptions {
  bool images = true;  ///< decode page images and compute their perceptual hashes again
  int64_t sample = 0;  ///< of pages whose images are decoded, evenly spread; 0 for all
  int threads = 1;     ///< images decoded at a time, each in a worker process
};

struct Validation {
  std::string dataset_id;  ///< data/dataset_id.h, "" without a manifest
  std::vector<DatasetCheck> checks;
  bool ok() const;
};

/// Looks at every file and row of the dataset in `directory`. Broken promises, damaged files
/// included, are in the result; only a directory that is no dataset at all throws: Error(kNotFound
/// | kBadInput | kUnsupported). Memory grows with ids and queries, not with texts and images.
Validation validate_dataset(const std::filesystem::path& directory, const ValidateOptions& options);

/// {"dataset", "valid", "checks": [{"name", "promise", "ok", "checked", "broken", "offenders",
/// "skipped", "note"}]}
Json validation_json(const Validation& validation);
/// A line for each check, and the offenders.
std::string describe(const Validation& validation);

}  // namespace recto
