#pragma once
// Connector output of pages, or weights made of it, in files, for later epochs and runs of
// trainings, and for evaluations. docs/formats/feature-store.md has the bytes.

#include <cstddef>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "data/feature_segment.h"

namespace recto {

/// What a store knows of a page.
struct StoredFeatures {
  FeatureRecord record;
  RecordValues values;  ///< mapped
};

/// The features of one model and one way to cut pages (the key), of all those that a directory
/// holds. Several processes may use a directory at once: each writes a segment of its own, which
/// it alone holds (flock), and reads all of them. Thread-safe.
class FeatureStore {
 public:
  /// Opens `directory`, or makes it. What was stored under another `key` is not seen. A record
  /// must have `row_bytes` for each of its rows. A place that cannot be written to is read only,
  /// which is said. Throws Error(kUsage) when `directory` is something else, Error(kUnsupported)
  /// for a store of another format version.
  FeatureStore(std::filesystem::path directory, const Json& key, uint64_t row_bytes);

  /// The features of a page by the SHA-256 of its image file, also when another process has added
  /// them meanwhile. They are read whole and checked at the first use; a damaged record is said
  /// and passed over.
  std::optional<StoredFeatures> find(const Sha256Digest& page);
  /// Whether find() would look for them, without reading the values.
  bool contains(const Sha256Digest& page);

  /// Keeps the features of a page. False when they cannot be written, which is said the first
  /// time; nothing is written any more then.
  bool add(const FeatureRecord& record, std::span<const std::byte> values);
  /// Brings what was added to the disk.
  void sync();

  bool writable() const;
  /// Pages that are known at present.
  size_t size() const;

 private:
  struct Segment {
    SegmentReader reader;
    bool usable = true;
  };
  struct Place {
    const Segment* segment;
    PlacedRecord placed;
    bool checked;
  };

  void open_directory();
  void open_set(const Json& key);
  std::optional<Place> known_place(const Sha256Digest& page) const;
  std::optional<RecordValues> read(const Place& place) const;
  void note_read(const Sha256Digest& page, const Place& place, bool good);
  // The rest is called with the mutex held.
  void refresh();
  size_t segment_number(const std::filesystem::path& file);
  void see(size_t segment);
  void keep(size_t segment, const PlacedRecord& placed, bool checked);
  const Place* newest(const Sha256Digest& page) const;
  SegmentWriter& writer();
  void stop_writing(const std::string& why);

  const std::filesystem::path directory_;
  std::filesystem::path set_;  ///< of the key, in the directory
  const uint64_t row_bytes_;
  mutable std::mutex mutex_;
  bool writable_ = true;
  std::deque<Segment> segments_;  ///< a deque: places point at one while others are added
  std::unordered_map<Sha256Digest, std::vector<Place>, Sha256DigestHash>
      pages_;  ///< the newest last
  std::unique_ptr<SegmentWriter> writer_;
  size_t own_segment_ = 0;
};

}  // namespace recto
