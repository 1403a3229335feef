#include "base/append_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256_digest.h"

namespace recto {
namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little);

namespace {

constexpr uint32_t kVersion = 1;
constexpr size_t kHashedBytes = 32;

std::string header(const std::string& magic, uint32_t version, uint32_t number) {
  std::string bytes(kHashedBytes, '\0');
  RECTO_CHECK(magic.size() == 8);
  std::memcpy(bytes.data(), magic.data(), 8);
  std::memcpy(bytes.data() + 8, &version, sizeof(version));
  std::memcpy(bytes.data() + 12, &number, sizeof(number));
  return bytes + std::string(as_text(sha256_digest(as_bytes(bytes))));
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
  const int64_t size = FileReader(path).size();
  if (size < kAppendHeaderBytes || size < committed) {
    fail(ErrorCode::kBadInput, "{}: damaged: it has {} bytes where {} are wanted", path.string(),
         size, std::max(committed, kAppendHeaderBytes));
  }
  const std::string found = read_at(path, 0, kAppendHeaderBytes);
  if (found.substr(0, 8) != magic) {
    fail(ErrorCode::kBadInput, "{}: not the file that is wanted here (wrong magic)", path.string());
  }
  uint32_t version = 0;
  std::memcpy(&version, found.data() + 8, sizeof(version));
  if (version != kVersion) {
    fail(ErrorCode::kUnsupported, "{}: format version {}; this recto reads {}", path.string(),
         version, kVersion);
  }
  if (found != header(magic, kVersion, number)) {
    fail(ErrorCode::kBadInput, "{}: damaged: its header is not the one that is wanted",
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

AppendFile::AppendFile(fs::path path, const std::string& magic, uint32_t number)
    : path_(std::move(path)) {
  fd_ = open_file(path_, O_WRONLY | O_CREAT | O_TRUNC);
  try {
    append(as_bytes(header(magic, kVersion, number)));
  } catch (const Error&) {
    ::close(fd_);
    throw;
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
    if (n < 0) {
      const int code = errno;
      [[maybe_unused]] const int cut = ::ftruncate(fd_, offset);  // gives the space back
      fail_errno(code, fmt::format("cannot write {}", path_.string()));
    }
    done += static_cast<size_t>(n);
  }
  size_ += std::ssize(bytes);
  return offset;
}

void AppendFile::sync() {
  if (::fsync(fd_) != 0) fail_errno(errno, fmt::format("cannot write {}", path_.string()));
}

FileReader::FileReader(fs::path path) : path_(std::move(path)) { fd_ = open_file(path_, O_RDONLY); }

FileReader::~FileReader() { ::close(fd_); }

int64_t FileReader::size() const {
  struct stat info{};
  if (::fstat(fd_, &info) != 0) fail_errno(errno, fmt::format("cannot read {}", path_.string()));
  return static_cast<int64_t>(info.st_size);
}

size_t FileReader::read(int64_t offset, std::span<std::byte> out) const {
  size_t done = 0;
  while (done < out.size()) {
    const ssize_t n =
        ::pread(fd_, out.data() + done, out.size() - done, offset + static_cast<int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_errno(errno, fmt::format("cannot read {}", path_.string()));
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  return done;
}

std::string read_at(const fs::path& path, int64_t offset, int64_t size) {
  std::string bytes(static_cast<size_t>(size), '\0');
  const std::span<std::byte> out = std::as_writable_bytes(std::span(bytes));
  if (FileReader(path).read(offset, out) < bytes.size()) {
    fail(ErrorCode::kBadInput, "{}: damaged: it ends before byte {}", path.string(), offset + size);
  }
  return bytes;
}

}  // namespace recto
