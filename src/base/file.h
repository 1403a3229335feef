#pragma once
// Reading files, and writing them so that nobody ever sees half of one.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recto {

/// A file mapped read-only into memory. Movable; the bytes live as long as the object.
/// An empty file maps to an empty span.
class MappedFile {
 public:
  MappedFile() = default;
  /// Throws Error(kNotFound | kIo | kBadInput) when `path` cannot be mapped or is no regular file.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const std::byte> bytes() const { return {data_, size_}; }

  /// Gives the whole pages of `range`, a part of bytes(), back to the system; they are mapped again
  /// when they are next touched. For one pass over a file that memory may not hold. A range that is
  /// no part of bytes() is left alone.
  void release(std::span<const std::byte> range) const;

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// The whole content of a regular file. Throws Error(kNotFound | kIo), or Error(kLimit) when it
/// has more than `max_bytes`.
std::string read_file(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{1} << 32);

/// The same bytes under another type.
std::span<const std::byte> as_bytes(std::string_view text);
std::string_view as_text(std::span<const std::byte> bytes);

/// `path` as it is called once the AtomicFile or StagedDirectory it belongs to is committed: what
/// messages name. Files of a directory named `.partial-` and a number are those of its parent.
std::filesystem::path final_path(const std::filesystem::path& path);

/// A file that appears under its name only when it is complete: written beside the target under a
/// temporary name, synced and renamed by commit(). Destroyed without commit, it leaves nothing.
class AtomicFile {
 public:
  /// Throws Error(kIo | kNotFound) when the directory of `path` cannot be written to.
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends. Throws Error(kIo); a full disk is named as such.
  void write(std::string_view text);
  void write(std::span<const std::byte> bytes);
  /// Bytes written so far.
  uint64_t size() const { return size_; }
  /// The temporary name, for libraries that want to open the file themselves.
  const std::filesystem::path& temporary_path() const { return temporary_; }
  /// Syncs and renames to the final name. Call once.
  void commit();

 private:
  [[noreturn]] void fail_to_write(int errno_value) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

/// AtomicFile in one call.
void write_file(const std::filesystem::path& path, std::string_view content);

/// A directory that appears under its name only when it is complete. The files are written under
/// path(), a hidden sibling; commit() renames it. Destroyed without commit, it leaves nothing.
class StagedDirectory {
 public:
  /// Throws Error(kUsage) when `target` exists and is not an empty directory.
  explicit StagedDirectory(std::filesystem::path target);
  ~StagedDirectory();
  StagedDirectory(const StagedDirectory&) = delete;
  StagedDirectory& operator=(const StagedDirectory&) = delete;

  const std::filesystem::path& path() const { return staging_; }
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path staging_;
};

/// A fresh directory under $TMPDIR (default /tmp), removed with everything in it at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// mkdir -p. Throws Error(kIo) naming the path.
void make_directories(const std::filesystem::path& path);

/// Free bytes for an unprivileged user on the file system of `path` (its nearest existing parent).
uint64_t free_disk_bytes(const std::filesystem::path& path);

/// Directory of the running program, and the program itself.
std::filesystem::path executable_path();

}  // namespace recto
