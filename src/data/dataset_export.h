#pragma once
// A dataset in the layouts of other tools (docs/formats/layouts.md).

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"

namespace recto {

struct ExportOptions {
  std::string format;               ///< of export_formats()
  std::vector<std::string> splits;  ///< empty for all
  int negatives = 16;               ///< at most that many negative columns, 0..16
};

/// ogc, mteb, vidore, beir, sentence-transformers.
std::vector<std::string> export_formats();

/// Writes the dataset in `directory` as the new directory `output`, with a README.md that makes
/// `datasets.load_dataset(output)` work. Images are read one at a time. The same dataset and
/// options give the same bytes. Gives {SPLIT: {WHAT: COUNT}}: what was written and left out.
/// Throws Error(kUsage) for a format or split there is not and an output that exists, what
/// Dataset::open throws, Error(kIo | kInterrupted); then there is no output.
Json export_dataset(const std::filesystem::path& directory, const std::filesystem::path& output,
                    const ExportOptions& options);

}  // namespace recto
