#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "base/shrunk_file.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

uint64_t open_regular(const fs::path& path, int fd) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) fail_errno(errno, fmt::format("cannot read {}", path.string()));
  if (!S_ISREG(info.st_mode)) {
    fail(ErrorCode::kBadInput, "{} is not a regular file", path.string());
  }
  return static_cast<uint64_t>(info.st_size);
}

int open_for_reading(const fs::path& path) {
  // O_NONBLOCK: a named pipe must be refused, not waited for.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) fail_errno(errno, fmt::format("cannot open {}", path.string()));
  return fd;
}

std::string unique_suffix() {
  static std::atomic<uint64_t> counter{0};
  return fmt::format("{}-{}", ::getpid(), counter.fetch_add(1));
}

constexpr std::string_view kPartial = ".partial-";

fs::path hidden_sibling(const fs::path& path) {
  const fs::path directory = path.has_parent_path() ? path.parent_path() : fs::path(".");
  return directory / fmt::format(".{}{}{}", path.filename().string(), kPartial, unique_suffix());
}

/// ".NAME.partial-12-3", or ".partial-12-3" of a directory whose files will be its parent's.
bool is_partial(const std::string& name) {
  const size_t end = name.rfind(kPartial);
  return name.starts_with('.') && end != std::string::npos && end != 1 &&
         name.find_first_not_of("0123456789-", end + kPartial.size()) == std::string::npos;
}

void sync_directory(const fs::path& directory) {
  const int fd = ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

MappedFile::MappedFile(const fs::path& path) {
  FileDescriptor fd(open_for_reading(path));
  size_ = open_regular(path, fd.get());
  if (size_ == 0) return;
  void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (address == MAP_FAILED) fail_errno(errno, fmt::format("cannot map {}", path.string()));
  data_ = static_cast<const std::byte*>(address);
  note_mapping(data_, size_, path.string());
}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  forget_mapping(data_);
  ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MappedFile::release(std::span<const std::byte> range) const {
  if (range.data() < data_ || range.data() + range.size() > data_ + size_) return;
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t skipped = (page - reinterpret_cast<uintptr_t>(range.data()) % page) % page;
  if (range.size() < skipped + page) return;
  const size_t size = (range.size() - skipped) / page * page;
  ::madvise(const_cast<std::byte*>(range.data() + skipped), size, MADV_DONTNEED);
}

std::string read_file(const fs::path& path, uint64_t max_bytes) {
  FileDescriptor fd(open_for_reading(path));
  const uint64_t size = open_regular(path, fd.get());
  if (size > max_bytes) {
    fail(ErrorCode::kLimit, "{} has {} bytes, more than the limit of {}", path.string(), size,
         max_bytes);
  }
  std::string content(size, '\0');
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = ::read(fd.get(), content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_errno(errno, fmt::format("cannot read {}", path.string()));
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  content.resize(done);
  return content;
}

std::span<const std::byte> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

fs::path final_path(const fs::path& path) {
  fs::path out;
  for (const fs::path& part : path) {
    std::string name = part.string();
    while (is_partial(name)) {
      const size_t end = name.rfind(kPartial);
      name = end == 0 ? std::string() : name.substr(1, end - 1);
    }
    if (!name.empty() || part.empty()) out /= name;
  }
  return out;
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)), temporary_(hidden_sibling(path_)) {
  if (fs::is_directory(path_)) {
    fail(ErrorCode::kIo, "cannot write {}: it is a directory; name a file", path_.string());
  }
  fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd_ < 0) fail_to_write(errno);
}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::fail_to_write(int errno_value) const {
  const fs::path target = final_path(path_);
  const fs::path directory = target.parent_path();
  std::error_code ignored;
  if (errno_value == ENOENT && !directory.empty() && !fs::exists(directory, ignored)) {
    fail(ErrorCode::kNotFound,
         "cannot write {}: there is no directory {}; make it first or choose another place",
         target.string(), directory.string());
  }
  fail_errno(errno_value, fmt::format("cannot write {}", target.string()));
}

void AtomicFile::write(std::string_view text) { write(as_bytes(text)); }

void AtomicFile::write(std::span<const std::byte> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(fd_, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_to_write(errno);
    done += static_cast<size_t>(n);
  }
  size_ += done;
}

void AtomicFile::commit() {
  if (::fsync(fd_) != 0) fail_to_write(errno);
  ::close(fd_);
  fd_ = -1;
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    fail_to_write(errno);
  }
  temporary_.clear();
  sync_directory(path_.parent_path());
}

void write_file(const fs::path& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

StagedDirectory::StagedDirectory(fs::path target) : target_(std::move(target)) {
  if (!target_.has_filename()) target_ = target_.parent_path();  // "out/" means "out"
  std::error_code ignored;
  if (fs::exists(target_, ignored) &&
      !(fs::is_directory(target_, ignored) && fs::is_empty(target_, ignored))) {
    fail(ErrorCode::kUsage, "{} exists already; name a new directory or remove it",
         target_.string());
  }
  if (target_.has_parent_path()) make_directories(target_.parent_path());
  staging_ = hidden_sibling(target_);
  make_directories(staging_);
}

StagedDirectory::~StagedDirectory() {
  std::error_code ignored;
  if (!staging_.empty()) fs::remove_all(staging_, ignored);
}

void StagedDirectory::commit() {
  if (::rename(staging_.c_str(), target_.c_str()) != 0) {
    fail_errno(errno, fmt::format("cannot write {}", target_.string()));
  }
  staging_.clear();
  sync_directory(target_.parent_path());
}

TemporaryDirectory::TemporaryDirectory() {
  const char* base = std::getenv("TMPDIR");
  std::string pattern = (fs::path(base != nullptr ? base : "/tmp") / "recto-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    fail_errno(errno, fmt::format("cannot make a temporary directory {}", pattern));
  }
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void make_directories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    fail_errno(error.value(), fmt::format("cannot make directory {}", final_path(path).string()));
  }
}

uint64_t free_disk_bytes(const fs::path& path) {
  std::error_code ignored;
  fs::path existing = fs::absolute(path, ignored);
  while (!fs::exists(existing, ignored) && existing.has_parent_path() &&
         existing != existing.parent_path()) {
    existing = existing.parent_path();
  }
  struct statvfs info{};
  if (::statvfs(existing.c_str(), &info) != 0) {
    fail_errno(errno, fmt::format("cannot ask for the free space of {}", existing.string()));
  }
  return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
}

fs::path executable_path() {
  std::error_code error;
  fs::path path = fs::read_symlink("/proc/self/exe", error);
  if (error) fail_errno(error.value(), "cannot read /proc/self/exe");
  return path;
}

}  // namespace recto
