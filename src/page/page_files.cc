#include <algorithm>
#include <cctype>
#include <system_error>

#include "base/error.h"
#include "base/interrupt.h"
#include "page/reader.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

bool has_page_ending(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* known : {".pdf", ".jpg", ".jpeg", ".png", ".webp", ".gif"}) {
    if (ending == known) return true;
  }
  return false;
}

void collect(const fs::path& directory, std::vector<fs::path>& files) {
  throw_if_interrupted();
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
      collect(entry->path(), files);
    } else if (has_page_ending(entry->path()) && entry->is_regular_file(ignored)) {
      files.push_back(entry->path());
    }
  }
  if (error) fail_errno(error.value(), "cannot list " + directory.string());
}

}  // namespace

std::vector<fs::path> list_page_files(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    fail(ErrorCode::kNotFound, "{}: no such file or directory", path.string());
  }
  if (!fs::is_directory(status)) return {path};
  std::vector<fs::path> files;
  collect(path, files);
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace recto
