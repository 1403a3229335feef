#pragma once
// A file that goes on after a known beginning while others read it, such as a log.

#include <filesystem>
#include <string_view>

namespace recto {

class ContinuedFile {
 public:
  /// Opens `path` for appending after `content`. A file that begins with it is cut there, so that
  /// who has it open reads on; any other is replaced as a whole. Throws Error(kIo).
  ContinuedFile(std::filesystem::path path, std::string_view content);
  ~ContinuedFile();
  ContinuedFile(const ContinuedFile&) = delete;
  ContinuedFile& operator=(const ContinuedFile&) = delete;

  /// Written at once: what ends this process takes nothing back. Throws Error(kIo).
  void append(std::string_view bytes);

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace recto
