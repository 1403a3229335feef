#include "base/continued_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

void cut(const fs::path& path, size_t bytes) {
  std::error_code error;
  fs::resize_file(path, bytes, error);
  if (error) fail_errno(error.value(), "cannot write " + path.string());
}

}  // namespace

ContinuedFile::ContinuedFile(fs::path path, std::string_view content) : path_(std::move(path)) {
  if (fs::exists(path_) && read_file(path_).starts_with(content)) {
    cut(path_, content.size());
  } else {
    write_file(path_, content);
  }
  fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd_ < 0) fail_errno(errno, "cannot write " + path_.string());
}

ContinuedFile::~ContinuedFile() {
  if (fd_ >= 0) ::close(fd_);
}

void ContinuedFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_errno(errno, "cannot write " + path_.string());
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace recto
