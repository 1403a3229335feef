#pragma once
// The files of a folder and of the folders below it.

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace recto {

/// Which files are listed.
struct FileFilter {
  /// Asked of every file that is not a folder; its name should do.
  std::function<bool(const std::filesystem::path&)> wanted;
  bool hidden = true;  ///< also what has a dot before its name, and what is below such a folder
  bool broken_links = false;  ///< also links to nothing: whoever opens one says what is missing
};

/// Whether `path` is a folder, or a link to one. Throws Error(kNotFound) when there is nothing.
bool is_folder(const std::filesystem::path& path);

/// The files below `folder`, sorted by path, each beginning with `folder` as it was given: regular
/// ones and links to them. Links to folders are not followed. Throws Error(kNotFound | kIo) naming
/// a folder that cannot be listed, Error(kInterrupted).
std::vector<std::filesystem::path> list_files_below(const std::filesystem::path& folder,
                                                    const FileFilter& filter);

/// Whether the file is called like one of `endings` (".pdf"), in letters of any case.
bool has_ending(const std::filesystem::path& path, std::initializer_list<std::string_view> endings);

}  // namespace recto
