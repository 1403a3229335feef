#include "data/feature_store.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sha256.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr const char* kMarker = "feature-store.json";
constexpr const char* kSet = "set.json";
constexpr const char* kSegmentEnding = ".features";
constexpr int kVersion = 1;
constexpr int kMostSegments = 10'000;

std::string segment_name(int number) {
  return fmt::format("segment-{:05}{}", number, kSegmentEnding);
}

/// Nothing in it but what another process has begun to write there.
bool is_fresh(const fs::path& directory) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (!entry.path().filename().string().starts_with(fmt::format(".{}.", kMarker))) return false;
  }
  return !error;
}

/// What the system does not let happen is a place to read from; anything else is thrown on.
template <typename Action>
bool may_write(const fs::path& place, const Action& action) {
  try {
    action();
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kIo) throw;
    log_info("feature store {}: read only ({})", place.string(), error.what());
    return false;
  }
}

}  // namespace

FeatureStore::FeatureStore(fs::path directory, const Json& key, uint64_t row_bytes)
    : directory_(std::move(directory)), row_bytes_(row_bytes) {
  open_directory();
  open_set(key);
  const std::lock_guard lock(mutex_);
  refresh();
}

void FeatureStore::open_directory() {
  const fs::path marker = directory_ / kMarker;
  std::error_code ignored;
  if (fs::exists(marker, ignored)) {
    const int version = json_required<int>(read_json(marker), "format_version", marker.string());
    if (version == kVersion) return;
    fail(ErrorCode::kUnsupported, "{}: format version {}; this recto reads {}", marker.string(),
         version, kVersion);
  }
  if (fs::exists(directory_, ignored) && !is_fresh(directory_)) {
    fail(
        ErrorCode::kUsage,
        "--feature-store {}: it exists and is no feature store (it has no {}); name a new or empty "
        "directory",
        directory_.string(), kMarker);
  }
  make_directories(directory_);
  write_file(marker, pretty_json({{"format_version", kVersion}}));
}

void FeatureStore::open_set(const Json& key) {
  set_ = directory_ / sha256_hex(canonical_json(key));
  const fs::path file = set_ / kSet;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    writable_ = may_write(directory_, [&] {
      make_directories(set_);
      write_file(file, pretty_json(key));
    });
    return;
  }
  if (read_json(file) == key) return;
  fail(ErrorCode::kBadInput, "{}: it is not the key that names its directory; remove {}",
       file.string(), set_.string());
}

void FeatureStore::refresh() {
  std::error_code ignored;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(set_, ignored)) {
    if (entry.path().extension() == kSegmentEnding) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) segment_number(file);
  for (size_t i = 0; i < segments_.size(); ++i) {
    if (writer_ == nullptr || i != own_segment_) see(i);
  }
}

size_t FeatureStore::segment_number(const fs::path& file) {
  const auto found = std::find_if(segments_.begin(), segments_.end(), [&](const Segment& segment) {
    return segment.reader.path() == file;
  });
  if (found != segments_.end()) return static_cast<size_t>(found - segments_.begin());
  segments_.push_back({SegmentReader(file)});
  return segments_.size() - 1;
}

void FeatureStore::see(size_t segment) {
  if (!segments_[segment].usable) return;
  try {
    for (const PlacedRecord& placed : segments_[segment].reader.scan()) {
      keep(segment, placed, /*checked=*/false);
    }
  } catch (const Error& error) {
    log_warning("{}; what it holds is computed again", error.what());
    segments_[segment].usable = false;
  }
}

void FeatureStore::keep(size_t segment, const PlacedRecord& placed, bool checked) {
  if (placed.record.value_bytes != placed.record.rows * row_bytes_) return;
  pages_[placed.record.page].push_back({&segments_[segment], placed, checked});
}

const FeatureStore::Place* FeatureStore::newest(const Sha256Digest& page) const {
  const auto found = pages_.find(page);
  return found == pages_.end() ? nullptr : &found->second.back();
}

bool FeatureStore::contains(const Sha256Digest& page) {
  const std::lock_guard lock(mutex_);
  if (newest(page) == nullptr) refresh();
  return newest(page) != nullptr;
}

std::optional<StoredFeatures> FeatureStore::find(const Sha256Digest& page) {
  while (contains(page)) {
    const std::optional<Place> place = known_place(page);
    if (!place) continue;  // another thread has found it damaged
    std::optional<RecordValues> values = read(*place);
    note_read(page, *place, values.has_value());
    if (values) return StoredFeatures{place->placed.record, std::move(*values)};
  }
  return std::nullopt;
}

std::optional<FeatureStore::Place> FeatureStore::known_place(const Sha256Digest& page) const {
  const std::lock_guard lock(mutex_);
  const Place* place = newest(page);
  return place == nullptr ? std::nullopt : std::optional(*place);
}

void FeatureStore::note_read(const Sha256Digest& page, const Place& place, bool good) {
  if (good && place.checked) return;
  const std::lock_guard lock(mutex_);
  std::vector<Place>& places = pages_[page];
  const auto same = std::find_if(places.begin(), places.end(), [&](const Place& other) {
    return other.segment == place.segment && other.placed.offset == place.placed.offset;
  });
  if (same != places.end() && good) same->checked = true;
  if (same != places.end() && !good) places.erase(same);
  if (places.empty()) pages_.erase(page);
}

std::optional<RecordValues> FeatureStore::read(const Place& place) const {
  const SegmentReader& reader = place.segment->reader;
  try {
    std::optional<RecordValues> values = reader.read(place.placed, !place.checked);
    if (values) return values;
    log_warning("{}: the features of a page at byte {} are damaged; they are computed again",
                reader.path().string(), place.placed.offset);
  } catch (const Error& error) {  // somebody has removed or shortened the file
    log_warning("{}; its pages are computed again", error.what());
  }
  return std::nullopt;
}

SegmentWriter& FeatureStore::writer() {
  for (int number = 0; writer_ == nullptr; ++number) {
    RECTO_CHECK(number < kMostSegments);
    const fs::path file = set_ / segment_name(number);
    try {
      writer_ = SegmentWriter::take(file);
    } catch (const Error& error) {  // a damaged segment stays as it is
      if (error.code() == ErrorCode::kIo || error.code() == ErrorCode::kNotFound) throw;
    }
    if (writer_ == nullptr) continue;
    own_segment_ = segment_number(file);
    see(own_segment_);
  }
  return *writer_;
}

bool FeatureStore::add(const FeatureRecord& record, std::span<const std::byte> values) {
  FeatureRecord whole = record;
  whole.value_bytes = values.size();
  RECTO_CHECK(whole.value_bytes == whole.rows * row_bytes_);
  const std::lock_guard lock(mutex_);
  if (!writable_) return false;
  try {
    writer();
    refresh();
    if (newest(whole.page) != nullptr) return true;
    keep(own_segment_, {whole, writer_->append(whole, values)}, /*checked=*/true);
    return true;
  } catch (const Error& error) {
    stop_writing(error.what());
    return false;
  }
}

void FeatureStore::sync() {
  const std::lock_guard lock(mutex_);
  if (writer_ == nullptr) return;
  try {
    writer_->sync();
  } catch (const Error& error) {
    stop_writing(error.what());
  }
}

void FeatureStore::stop_writing(const std::string& why) {
  log_warning("feature store: {}; from here on nothing more is stored in it", why);
  writable_ = false;
}

bool FeatureStore::writable() const {
  const std::lock_guard lock(mutex_);
  return writable_;
}

size_t FeatureStore::size() const {
  const std::lock_guard lock(mutex_);
  return pages_.size();
}

}  // namespace recto
