#include "base/replaced_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

/// As StagedDirectory names what it writes, so that final_path() understands it.
std::string staging_prefix(const fs::path& target) {
  return "." + target.filename().string() + ".partial-";
}

fs::path existing_directory(const fs::path& path) {
  std::error_code error;
  fs::path resolved = fs::canonical(path, error);
  if (error || !fs::is_directory(resolved)) {
    fail(ErrorCode::kNotFound, "{} is not a directory", path.string());
  }
  return resolved;
}

/// Writes the directory's files and names to the disk.
void sync_tree(const fs::path& directory) {
  const auto sync = [](const fs::path& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail_errno(errno, fmt::format("cannot open {}", path.string()));
    const int result = ::fsync(fd);
    const int problem = errno;
    ::close(fd);
    if (result != 0) fail_errno(problem, fmt::format("cannot write {}", path.string()));
  };
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) sync(entry.path(), 0);
    if (entry.is_directory()) sync(entry.path(), O_DIRECTORY);
  }
  sync(directory, O_DIRECTORY);
}

}  // namespace

ReplacedDirectory::ReplacedDirectory(const fs::path& target) : target_(existing_directory(target)) {
  for (int i = 0;; ++i) {
    staging_ =
        target_.parent_path() / fmt::format("{}{}-{}", staging_prefix(target_), ::getpid(), i);
    std::error_code error;
    if (fs::create_directory(staging_, error)) return;
    if (error) {
      fail_errno(error.value(), fmt::format("cannot write beside {}", target_.string()));
    }
  }
}

ReplacedDirectory::~ReplacedDirectory() {
  std::error_code ignored;
  if (!staging_.empty()) fs::remove_all(staging_, ignored);
}

void ReplacedDirectory::commit() {
  sync_tree(staging_);
  if (::renameat2(AT_FDCWD, staging_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) != 0) {
    if (errno == EINVAL || errno == ENOSYS || errno == ENOTSUP) {
      fail(ErrorCode::kUnsupported,
           "the file system of {} cannot exchange two directories in one step; write the result to "
           "a new directory with --output",
           target_.string());
    }
    fail_errno(errno, fmt::format("cannot replace {}", target_.string()));
  }
  const int parent = ::open(target_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent >= 0) {
    ::fsync(parent);
    ::close(parent);
  }
  std::error_code error;
  fs::remove_all(staging_, error);
  if (error) {
    fail(ErrorCode::kIo, "{} has its new content, but the old one is still in {}: {}; remove it",
         target_.string(), staging_.string(), error.message());
  }
  staging_.clear();
}

std::vector<fs::path> leftovers(const fs::path& path) {
  std::error_code error;
  const fs::path target = fs::weakly_canonical(path, error);
  const std::string prefix = staging_prefix(target);
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(target.parent_path(), error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    pid_t process = 0;
    const char* end = name.data() + name.size();
    const auto [stop, problem] = std::from_chars(name.data() + prefix.size(), end, process);
    if (problem != std::errc() || stop == end || *stop != '-') continue;
    if (process > 0 && ::kill(process, 0) != 0 && errno == ESRCH) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace recto
