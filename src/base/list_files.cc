#include "base/list_files.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <system_error>

#include "base/error.h"
#include "base/interrupt.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

bool is_listed(const fs::directory_entry& entry, const FileFilter& filter) {
  if (!filter.wanted(entry.path())) return false;
  std::error_code ignored;
  if (entry.is_regular_file(ignored)) return true;
  return filter.broken_links && entry.is_symlink(ignored) && !entry.exists(ignored);
}

void collect(const fs::path& folder, const FileFilter& filter, std::vector<fs::path>& files) {
  throw_if_interrupted();
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (!filter.hidden && entry->path().filename().string().starts_with(".")) continue;
    if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
      collect(entry->path(), filter, files);
    } else if (is_listed(*entry, filter)) {
      files.push_back(entry->path());
    }
  }
  if (error) fail_errno(error.value(), "cannot list " + folder.string());
}

}  // namespace

bool is_folder(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    fail(ErrorCode::kNotFound, "{}: no such file or directory", path.string());
  }
  return fs::is_directory(status);
}

std::vector<fs::path> list_files_below(const fs::path& folder, const FileFilter& filter) {
  std::vector<fs::path> files;
  collect(folder, filter, files);
  std::sort(files.begin(), files.end());
  return files;
}

bool has_ending(const fs::path& path, std::initializer_list<std::string_view> endings) {
  std::string own = path.extension().string();
  std::transform(own.begin(), own.end(), own.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(endings.begin(), endings.end(), own) != endings.end();
}

}  // namespace recto
