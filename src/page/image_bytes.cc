#include "page/image_bytes.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "page/exif.h"

namespace recto {

namespace {

/// A file that is nowhere but in memory: the worker reads files.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : fd_(::memfd_create("recto-image", MFD_CLOEXEC)) {
    if (fd_ < 0) fail_errno(errno, "cannot make a file in memory");
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        const int problem = errno;
        ::close(fd_);
        fail_errno(problem, "cannot write a file in memory");
      }
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return fmt::format("/proc/self/fd/{}", fd_); }

 private:
  int fd_;
};

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

uint32_t big_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

uint32_t little_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

/// The segments before the first scan, walked for APP1 "Exif\0\0".
int jpeg_orientation(std::string_view bytes) {
  size_t at = 2;
  while (at + 4 <= bytes.size() && static_cast<uint8_t>(bytes[at]) == 0xFF) {
    const auto marker = static_cast<uint8_t>(bytes[at + 1]);
    if (marker == 0xFF) {
      ++at;
      continue;
    }
    const size_t size = big_endian(bytes.substr(at + 2, 2));
    if (marker == 0xDA || size < 2 || size > bytes.size() - at - 2) return 1;
    const std::string_view content = bytes.substr(at + 4, size - 2);
    if (marker == 0xE1 && content.starts_with(std::string_view("Exif\0", 5))) {
      return exif_orientation(as_bytes(content));
    }
    at += 2 + size;
  }
  return 1;
}

/// The chunks of a PNG (length, name, content, checksum), walked for "eXIf".
int png_orientation(std::string_view bytes) {
  size_t at = 8;
  while (bytes.size() - at >= 12) {
    const size_t size = big_endian(bytes.substr(at, 4));
    if (size > bytes.size() - at - 12) return 1;
    if (bytes.substr(at + 4, 4) == "eXIf") {
      return exif_orientation(as_bytes(bytes.substr(at + 8, size)));
    }
    at += 12 + size;
  }
  return 1;
}

/// The chunks of a WebP (RIFF: name, length, content, padded to two bytes), walked for "EXIF".
int webp_orientation(std::string_view bytes) {
  size_t at = 12;
  while (at <= bytes.size() && bytes.size() - at >= 8) {
    const size_t size = little_endian(bytes.substr(at + 4, 4));
    if (size > bytes.size() - at - 8) return 1;
    if (bytes.substr(at, 4) == "EXIF") {
      return exif_orientation(as_bytes(bytes.substr(at + 8, size)));
    }
    at += 8 + size + size % 2;
  }
  return 1;
}

}  // namespace

Image read_image_bytes(std::string_view bytes, const std::string& name, const PageLimits& limits) {
  const MemoryFile file(bytes);
  try {
    return read_image(file.path(), limits);
  } catch (const Error& error) {
    throw Error(error.code(), replace_all(error.what(), file.path(), name));
  }
}

int stored_orientation(std::string_view bytes) {
  const std::string format = image_format(as_bytes(bytes));
  if (format == "jpeg") return jpeg_orientation(bytes);
  if (format == "png") return png_orientation(bytes);
  if (format == "webp") return webp_orientation(bytes);
  return 1;
}

}  // namespace recto
