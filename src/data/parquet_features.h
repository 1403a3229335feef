#pragma once
// Whether Hugging Face `datasets` will take a Parquet file's columns for what they are.

#include <filesystem>
#include <string>
#include <vector>

#include "data/parquet.h"

namespace recto {

/// What keeps the file from loading with the features of `columns`, one sentence each; empty when
/// nothing does. `datasets` uses the features of the footer only if the Arrow field that follows
/// from each equals the file's; otherwise images silently become plain dictionaries. Image columns
/// must lie uncompressed and plain, at most 100 rows a row group. Throws Error(kBadInput |
/// kNotFound) for a file that cannot be opened.
std::vector<std::string> feature_problems(const std::filesystem::path& file,
                                          const std::vector<Column>& columns);

}  // namespace recto
