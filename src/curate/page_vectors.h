#pragma once
// Vectors of many pages in a file that is written once, page by page, and read in blocks.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace recto {

/// 64 bytes that say what the vectors are of, then fp32 rows in the machine's byte order: a scratch
/// file of one run and one machine. What is written stays when the process is killed.
class PageVectors {
 public:
  /// Opens `file` for the vectors that `key` (64 characters) names; whatever else is there is
  /// replaced. Throws Error(kIo).
  PageVectors(std::filesystem::path file, const std::string& key, int64_t dims);
  ~PageVectors();
  PageVectors(const PageVectors&) = delete;
  PageVectors& operator=(const PageVectors&) = delete;

  int64_t rows() const { return rows_; }
  int64_t dims() const { return dims_; }
  void append(std::span<const float> vector);
  /// Reads `count` rows from `first` on into `out`, [count, dims]. Thread-safe.
  void read(int64_t first, int64_t count, std::vector<float>& out) const;

 private:
  std::filesystem::path file_;
  int fd_ = -1;
  int64_t dims_ = 0;
  int64_t rows_ = 0;
};

}  // namespace recto
