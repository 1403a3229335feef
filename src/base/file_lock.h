#pragma once
// Who may write a file, when several processes want to.

#include <filesystem>
#include <optional>
#include <utility>

namespace recto {

/// An exclusive hold on a file among processes (flock). The system gives it back when the process
/// ends, however it ends. Movable.
class FileLock {
 public:
  /// Makes the file when it is not there. Nothing when somebody else holds it. Throws Error(kIo).
  static std::optional<FileLock> take(const std::filesystem::path& path);

  ~FileLock();
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

 private:
  explicit FileLock(int fd) : fd_(fd) {}

  int fd_ = -1;
};

}  // namespace recto
