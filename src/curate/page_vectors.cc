#include "curate/page_vectors.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.h"

namespace recto {

namespace {

constexpr int64_t kKeyBytes = 64;

}  // namespace

PageVectors::PageVectors(std::filesystem::path file, const std::string& key, int64_t dims)
    : file_(std::move(file)), dims_(dims) {
  RECTO_CHECK(std::ssize(key) == kKeyBytes && dims > 0);
  fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd_ < 0) fail_errno(errno, fmt::format("open {}", file_.string()));
  std::string found(kKeyBytes, '\0');
  const int64_t row_bytes = dims_ * static_cast<int64_t>(sizeof(float));
  if (::pread(fd_, found.data(), kKeyBytes, 0) == kKeyBytes && found == key) {
    rows_ = (::lseek(fd_, 0, SEEK_END) - kKeyBytes) / row_bytes;
  }
  const bool ready = (rows_ > 0 || (::ftruncate(fd_, 0) == 0 &&
                                    ::pwrite(fd_, key.data(), kKeyBytes, 0) == kKeyBytes)) &&
                     ::ftruncate(fd_, kKeyBytes + rows_ * row_bytes) == 0;
  if (!ready) {
    const int problem = errno;
    ::close(fd_);
    fail_errno(problem, fmt::format("write {}", file_.string()));
  }
}

PageVectors::~PageVectors() { ::close(fd_); }

void PageVectors::append(std::span<const float> vector) {
  RECTO_CHECK(std::ssize(vector) == dims_);
  const auto bytes = static_cast<int64_t>(vector.size_bytes());
  const auto written = ::pwrite(fd_, vector.data(), vector.size_bytes(), kKeyBytes + rows_ * bytes);
  if (written != bytes) {
    fail_errno(written < 0 ? errno : ENOSPC, fmt::format("write {}", file_.string()));
  }
  ++rows_;
}

void PageVectors::read(int64_t first, int64_t count, std::vector<float>& out) const {
  RECTO_CHECK(first >= 0 && count >= 0 && first + count <= rows_);
  out.resize(static_cast<size_t>(count * dims_));
  const auto wanted = static_cast<int64_t>(out.size() * sizeof(float));
  auto* bytes = reinterpret_cast<char*>(out.data());
  const int64_t begin = kKeyBytes + first * dims_ * static_cast<int64_t>(sizeof(float));
  for (int64_t done = 0; done < wanted;) {
    const auto got = ::pread(fd_, bytes + done, static_cast<size_t>(wanted - done), begin + done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail_errno(got < 0 ? errno : EIO, fmt::format("read {}", file_.string()));
    done += got;
  }
}

}  // namespace recto
