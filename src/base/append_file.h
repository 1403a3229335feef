#pragma once
// A file that only grows, with a checked header: what lies behind its committed length is the rest
// of an addition that never ended and is written over.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace recto {

/// The header, 64 bytes, little-endian:
///   0  8 bytes  magic
///   8  u32      format version, 1
///  12  u32      a number the owner chooses (dimensions of the vectors; 0)
///  16  16 bytes zero
///  32  32 bytes SHA-256 of bytes 0..31
inline constexpr int64_t kAppendHeaderBytes = 64;

/// Creates the file with its header only; it appears whole.
void create_append_file(const std::filesystem::path& path, const std::string& magic,
                        uint32_t number);

/// Checks the header and that the file has at least `committed` bytes. Throws Error(kBadInput)
/// naming the file, Error(kUnsupported) for another version.
void check_append_file(const std::filesystem::path& path, const std::string& magic, uint32_t number,
                       int64_t committed);

/// Writes at the end of the committed part. Nothing is promised before sync() returned.
class AppendFile {
 public:
  /// Goes on behind `committed` bytes; the rest of the file is cut off.
  AppendFile(std::filesystem::path path, int64_t committed);
  /// Begins the file anew, in place: whoever holds a lock on it keeps it.
  AppendFile(std::filesystem::path path, const std::string& magic, uint32_t number);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  /// Offset of what was written. Throws Error(kIo), and the file is then as it was before.
  int64_t append(std::span<const std::byte> bytes);
  void sync();
  int64_t size() const { return size_; }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  int64_t size_ = 0;
};

/// Reads a file that may be growing, anywhere in it.
class FileReader {
 public:
  /// Throws Error(kNotFound | kIo).
  explicit FileReader(std::filesystem::path path);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  /// Bytes at present.
  int64_t size() const;
  int descriptor() const { return fd_; }
  /// Fills `out` from `offset` on and returns how many bytes there were, fewer at the end of the
  /// file. Throws Error(kIo).
  size_t read(int64_t offset, std::span<std::byte> out) const;

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

/// `size` bytes at `offset`. Throws Error(kBadInput) when the file is shorter.
std::string read_at(const std::filesystem::path& path, int64_t offset, int64_t size);

}  // namespace recto
