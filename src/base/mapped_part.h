#pragma once
// A part of a file in memory, for files that grow.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace recto {

/// Some bytes of a file mapped read-only; they live as long as the object.
class MappedPart {
 public:
  /// Throws Error(kNotFound | kIo), Error(kBadInput) when the file ends before `offset` + `size`.
  MappedPart(const std::filesystem::path& path, int64_t offset, size_t size);
  ~MappedPart();
  MappedPart(const MappedPart&) = delete;
  MappedPart& operator=(const MappedPart&) = delete;

  std::span<const std::byte> bytes() const { return {address_ + before_, size_}; }

 private:
  const std::byte* address_ = nullptr;
  size_t before_ = 0;  ///< mapped bytes that are not asked for: a mapping begins at a memory page
  size_t size_ = 0;
};

}  // namespace recto
