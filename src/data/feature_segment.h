#pragma once
// A file of a feature store: records of pages, one after another, each with its checksums.
// docs/formats/feature-store.md has the bytes.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/append_file.h"
#include "base/file_lock.h"
#include "base/mapped_part.h"
#include "base/sha256_digest.h"
#include "model/views.h"

namespace recto {

/// Who computed the values of a record.
enum class FeatureOrigin : uint32_t { kEngine = 1, kTorch = 2 };

/// What a record says of its page.
struct FeatureRecord {
  Sha256Digest page{};  ///< SHA-256 of the page's image file
  Tiling tiling;        ///< no more than 65535 rows and columns of each edge
  uint32_t rows = 0;    ///< of values
  FeatureOrigin computed_by = FeatureOrigin::kEngine;
  uint64_t value_bytes = 0;
};

/// A record and the byte of the file where it begins.
struct PlacedRecord {
  FeatureRecord record;
  int64_t offset = 0;
};

/// The values of a record, mapped.
struct RecordValues {
  std::shared_ptr<const MappedPart> file;  ///< keeps them alive
  std::span<const std::byte> values;
};

/// Reads a segment, also while another process writes it.
class SegmentReader {
 public:
  explicit SegmentReader(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  /// The whole records behind those that earlier calls have seen. Damaged bytes between records
  /// are passed over and said; what is unfinished at the end is left for the next call. Throws
  /// Error(kBadInput | kUnsupported) for a file that is no segment, Error(kIo).
  std::vector<PlacedRecord> scan();
  /// Byte behind the last whole record.
  int64_t end() const { return end_; }
  /// Nothing when the record is damaged; `check` reads all of it.
  std::optional<RecordValues> read(const PlacedRecord& placed, bool check) const;

 private:
  std::filesystem::path path_;
  int64_t end_ = 0;
};

/// Appends to a segment that this process alone holds.
class SegmentWriter {
 public:
  /// Takes up `path` when nobody else holds it, cutting off an unfinished record at its end, or
  /// makes it. Nothing when another process holds it. Throws what scan() throws, Error(kIo).
  static std::unique_ptr<SegmentWriter> take(const std::filesystem::path& path);

  /// The byte where the record begins. Throws Error(kIo), and nothing of it is left.
  int64_t append(const FeatureRecord& record, std::span<const std::byte> values);
  void sync() { file_.sync(); }

 private:
  SegmentWriter(FileLock lock, const std::filesystem::path& path, int64_t committed);

  FileLock lock_;
  AppendFile file_;
};

}  // namespace recto
