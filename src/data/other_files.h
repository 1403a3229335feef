#pragma once
// Files in a dataset directory that are none of its tables: report.html, run.json and what users
// put there.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace recto {

/// Copies the files of `from` that a DatasetWriter does not write into `to`, if `keep(name, path)`
/// says so of each; names are relative with '/'. Gives the names of those that were left out.
/// Throws Error(kUnsupported) for what is neither file nor directory, such as a symbolic link, and
/// for a .git directory, whose history would keep what the tables no longer have; Error(kIo).
std::vector<std::string> copy_other_files(
    const std::filesystem::path& from, const std::filesystem::path& to,
    const std::function<bool(const std::string& name, const std::filesystem::path& path)>& keep);

}  // namespace recto
