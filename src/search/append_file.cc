#include "search/append_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"

namespace recto {
namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little);

namespace {

constexpr uint32_t kVersion = 1;
constexpr size_t kHashedBytes = 32;

std::string unhex(const std::string& digits) {
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::string header(const std::string& magic, uint32_t version, uint32_t number) {
  std::string bytes(kHashedBytes, '\0');
  RECTO_CHECK(magic.size() == 8);
  std::memcpy(bytes.data(), magic.data(), 8);
  std::memcpy(bytes.data() + 8, &version, sizeof(version));
  std::memcpy(bytes.data() + 12, &number, sizeof(number));
  return bytes + unhex(sha256_hex(bytes));
}

int open_file(const fs::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  if (fd < 0) fail_errno(errno, fmt::format("cannot open {}", path.string()));
  return fd;
}

}  // namespace

void create_append_file(const fs::path& path, const std::string& magic, uint32_t number) {
  write_file(path, header(magic, kVersion, number));
}

void check_append_file(const fs::path& path, const std::string& magic, uint32_t number,
                       int64_t committed) {
  const int64_t size = static_cast<int64_t>(MappedFile(path).bytes().size());
  if (size < kAppendHeaderBytes || size < committed) {
    fail(ErrorCode::kBadInput, "{}: damaged: it has {} bytes where {} are wanted", path.string(),
         size, std::max(committed, kAppendHeaderBytes));
  }
  const std::string found = read_at(path, 0, kAppendHeaderBytes);
  if (found.substr(0, 8) != magic) {
    fail(ErrorCode::kBadInput, "{}: not a file of a recto index (wrong magic)", path.string());
  }
  uint32_t version = 0;
  std::memcpy(&version, found.data() + 8, sizeof(version));
  if (version != kVersion) {
    fail(ErrorCode::kUnsupported, "{}: format version {}; this recto reads {}", path.string(),
         version, kVersion);
  }
  if (found != header(magic, kVersion, number)) {
    fail(ErrorCode::kBadInput, "{}: damaged: the header is not the one that index.sqlite implies",
         path.string());
  }
}

AppendFile::AppendFile(fs::path path, int64_t committed) : path_(std::move(path)) {
  fd_ = open_file(path_, O_WRONLY);
  size_ = std::max(committed, kAppendHeaderBytes);
  if (::ftruncate(fd_, size_) != 0) {
    const int code = errno;
    ::close(fd_);
    fail_errno(code, fmt::format("cannot write {}", path_.string()));
  }
}

AppendFile::~AppendFile() { ::close(fd_); }

int64_t AppendFile::append(std::span<const std::byte> bytes) {
  const int64_t offset = size_;
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::pwrite(fd_, bytes.data() + done, bytes.size() - done,
                               offset + static_cast<int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_errno(errno, fmt::format("cannot write {}", path_.string()));
    done += static_cast<size_t>(n);
  }
  size_ += std::ssize(bytes);
  return offset;
}

void AppendFile::sync() {
  if (::fsync(fd_) != 0) fail_errno(errno, fmt::format("cannot write {}", path_.string()));
}

std::string read_at(const fs::path& path, int64_t offset, int64_t size) {
  const int fd = open_file(path, O_RDONLY);
  std::string bytes(static_cast<size_t>(size), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n =
        ::pread(fd, bytes.data() + done, bytes.size() - done, offset + static_cast<int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    const int code = errno;
    if (n <= 0) ::close(fd);
    if (n < 0) fail_errno(code, fmt::format("cannot read {}", path.string()));
    if (n == 0) {
      fail(ErrorCode::kBadInput, "{}: damaged: it ends before byte {}", path.string(),
           offset + size);
    }
    done += static_cast<size_t>(n);
  }
  ::close(fd);
  return bytes;
}

}  // namespace recto
