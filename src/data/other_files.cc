#include "data/other_files.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "data/tables.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

/// What a DatasetWriter makes, at the top of a dataset.
bool is_written(const std::string& top) {
  const auto tables = table_names();
  return top == "README.md" || top == "manifest.json" ||
         std::find(tables.begin(), tables.end(), top) != tables.end();
}

std::vector<fs::path> sorted_entries(const fs::path& directory) {
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(directory)) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

class Copier {
 public:
  Copier(fs::path to, const std::function<bool(const std::string&, const fs::path&)>& keep)
      : to_(std::move(to)), keep_(keep) {}

  void copy(const fs::path& path, const std::string& name) {
    const fs::file_status status = fs::symlink_status(path);
    if (fs::is_directory(status) && path.filename() != ".git") {
      for (const fs::path& entry : sorted_entries(path)) {
        copy(entry, name + "/" + entry.filename().string());
      }
      return;
    }
    if (!fs::is_regular_file(status)) {
      fail(ErrorCode::kUnsupported,
           "{}: {} is kept in a dataset that is to be changed; move it away, or write the result "
           "to a new directory",
           path.string(),
           fs::is_directory(status) ? "the history of a repository" : "a link or special file");
    }
    if (!keep_(name, path)) {
      left_out.push_back(name);
      return;
    }
    make_directories((to_ / name).parent_path());
    std::error_code error;
    fs::copy_file(path, to_ / name, error);
    if (error) fail_errno(error.value(), fmt::format("cannot copy {}", path.string()));
  }

  std::vector<std::string> left_out;

 private:
  fs::path to_;
  const std::function<bool(const std::string&, const fs::path&)>& keep_;
};

}  // namespace

std::vector<std::string> copy_other_files(
    const fs::path& from, const fs::path& to,
    const std::function<bool(const std::string&, const fs::path&)>& keep) {
  Copier copier(to, keep);
  for (const fs::path& entry : sorted_entries(from)) {
    const std::string name = entry.filename().string();
    if (!is_written(name)) copier.copy(entry, name);
  }
  return copier.left_out;
}

}  // namespace recto
