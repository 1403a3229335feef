#pragma once
// A directory changed as a whole: either the old content or the new one, at any moment.

#include <filesystem>
#include <vector>

namespace recto {

/// A directory that takes the place of one that exists. The new content is written under path(), a
/// hidden sibling; commit() exchanges the two in one step of the file system and removes the old
/// content. Destroyed without commit, it leaves the old directory as it was. After a kill the old
/// or the new content is there whole, with a hidden sibling that leftovers() knows.
class ReplacedDirectory {
 public:
  /// Throws Error(kNotFound) when `target` is no directory, Error(kIo).
  explicit ReplacedDirectory(const std::filesystem::path& target);
  ~ReplacedDirectory();
  ReplacedDirectory(const ReplacedDirectory&) = delete;
  ReplacedDirectory& operator=(const ReplacedDirectory&) = delete;

  const std::filesystem::path& path() const { return staging_; }
  /// The directory itself, with symbolic links resolved.
  const std::filesystem::path& target() const { return target_; }
  /// Throws Error(kUnsupported) when the file system cannot exchange directories, Error(kIo).
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path staging_;
};

/// What processes that no longer run have left beside `target`: hidden directories of its name that
/// they were writing, or had replaced.
std::vector<std::filesystem::path> leftovers(const std::filesystem::path& target);

}  // namespace recto
