#pragma once
// The files of a dataset in another tool's layout.

#include <filesystem>
#include <string>
#include <vector>

namespace recto {

struct ImportFile {
  std::filesystem::path path;
  std::string name;    ///< relative to what was named, with '/'
  std::string config;  ///< folder it is in, "" for the top and for "data": "corpus", "en", …
  std::string split;   ///< "train", "validation", "test", or "" when its name says none of them
};

/// The Parquet files at `path` (a file, or a directory and what is below it, hidden folders aside),
/// sorted by name. A split is read from the file's name ("test-00000-of-00002.parquet",
/// "train.parquet") or the folder's; "val", "dev" and "eval" mean validation. Symbolic links to
/// directories are not followed. Throws Error(kNotFound | kIo).
std::vector<ImportFile> list_import_files(const std::filesystem::path& path);

/// "train", "validation" or "test" for their usual names, "" for any other.
std::string usual_split(const std::string& name);

/// Splits in the order in which they keep what occurs in several: test, validation, others by
/// name, train. Removes repetitions.
std::vector<std::string> by_precedence(std::vector<std::string> splits);

}  // namespace recto
