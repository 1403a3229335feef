#include "data/feature_segment.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/error.h"
#include "base/log.h"

namespace recto {
namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little);

namespace {

constexpr const char* kFileMagic = "RECTOFEA";
constexpr char kRecordMagic[8] = {'R', 'E', 'C', 'T', 'O', 'P', 'A', 'G'};
constexpr size_t kAlignment = 64;
constexpr size_t kSearchedAtOnce = size_t{1} << 20;

/// As it lies in the file.
struct Header {
  char magic[8];
  uint32_t tile_rows, tile_columns, rows, computed_by;
  uint64_t value_bytes;
  std::byte page[32];
  std::byte values_sha256[32];
  std::byte sha256[32];  // of what stands before it
};
static_assert(sizeof(Header) == 128 && std::is_trivially_copyable_v<Header>);

Sha256Digest own_digest(const Header& header) {
  return sha256_digest({reinterpret_cast<const std::byte*>(&header), offsetof(Header, sha256)});
}

/// Rows or columns of both edges in one number, the second edge's in the upper half.
uint32_t both(int first, int second) {
  return static_cast<uint32_t>(first) | static_cast<uint32_t>(second) << 16;
}

Tiling tiling_of(const Header& header) {
  constexpr uint32_t kLower = 0xFFFF;
  return {static_cast<int>(header.tile_rows & kLower),
          static_cast<int>(header.tile_columns & kLower), static_cast<int>(header.tile_rows >> 16),
          static_cast<int>(header.tile_columns >> 16)};
}

Header make_header(const FeatureRecord& record, std::span<const std::byte> values) {
  Header header{};
  std::memcpy(header.magic, kRecordMagic, sizeof(kRecordMagic));
  header.tile_rows = both(record.tiling.rows, record.tiling.second_rows);
  header.tile_columns = both(record.tiling.columns, record.tiling.second_columns);
  header.rows = record.rows;
  header.computed_by = static_cast<uint32_t>(record.computed_by);
  header.value_bytes = values.size();
  std::copy(record.page.begin(), record.page.end(), header.page);
  const Sha256Digest digest = sha256_digest(values);
  std::copy(digest.begin(), digest.end(), header.values_sha256);
  const Sha256Digest own = own_digest(header);
  std::copy(own.begin(), own.end(), header.sha256);
  return header;
}

/// The header in the first bytes of `bytes`, nothing when there is none.
std::optional<Header> parse_header(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(Header)) return std::nullopt;
  Header header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::memcmp(header.magic, kRecordMagic, sizeof(kRecordMagic)) != 0) return std::nullopt;
  const Sha256Digest own = own_digest(header);
  if (!std::equal(own.begin(), own.end(), header.sha256)) return std::nullopt;
  return header;
}

FeatureRecord record_of(const Header& header) {
  FeatureRecord record;
  std::copy(std::begin(header.page), std::end(header.page), record.page.begin());
  record.tiling = tiling_of(header);
  record.rows = header.rows;
  record.computed_by = static_cast<FeatureOrigin>(header.computed_by);
  record.value_bytes = header.value_bytes;
  return record;
}

uint64_t padded(uint64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

int64_t size_on_disk(uint64_t value_bytes) {
  return static_cast<int64_t>(sizeof(Header) + padded(value_bytes));
}

/// The header at byte `at`, nothing when there is none.
std::optional<Header> header_at(const FileReader& file, int64_t at) {
  std::array<std::byte, sizeof(Header)> bytes;
  return file.read(at, bytes) == bytes.size() ? parse_header(bytes) : std::nullopt;
}

/// First byte at or behind `from` where a whole header stands.
std::optional<int64_t> next_header(const FileReader& file, int64_t from) {
  std::vector<std::byte> bytes(kSearchedAtOnce);
  while (true) {
    const size_t there = file.read(from, bytes);
    for (size_t at = 0; at + sizeof(Header) <= there; at += kAlignment) {
      const auto place = std::span<const std::byte>(bytes).subspan(at, sizeof(Header));
      if (parse_header(place)) return from + static_cast<int64_t>(at);
    }
    if (there < bytes.size()) return std::nullopt;
    from += static_cast<int64_t>(there - kAlignment);  // the first place not looked at
  }
}

/// Whether a record of `header` at byte `at` ends within `size` bytes, whatever its sizes say.
bool is_whole(const Header& header, int64_t at, int64_t size) {
  const auto left = static_cast<uint64_t>(size - at) - sizeof(Header);
  return header.value_bytes <= left && padded(header.value_bytes) <= left;
}

}  // namespace

std::vector<PlacedRecord> SegmentReader::scan() {
  std::vector<PlacedRecord> found;
  const FileReader file(path_);
  const int64_t size = file.size();
  if (size < kAppendHeaderBytes) return found;  // another process is making it
  if (end_ == 0) check_append_file(path_, kFileMagic, 0, kAppendHeaderBytes);
  int64_t at = end_ = std::max(end_, kAppendHeaderBytes);
  int64_t damaged = 0;
  while (true) {
    const std::optional<Header> header = header_at(file, at);
    if (header && !is_whole(*header, at, size)) break;
    if (header) {
      found.push_back({record_of(*header), at});
      at = end_ = at + size_on_disk(header->value_bytes);
      continue;
    }
    const std::optional<int64_t> next = next_header(file, at + kAlignment);
    if (!next) break;
    damaged += *next - at;
    at = *next;
  }
  if (damaged > 0) {
    log_warning("{}: {} bytes are damaged; the pages they held are computed again", path_.string(),
                damaged);
  }
  return found;
}

std::optional<RecordValues> SegmentReader::read(const PlacedRecord& placed, bool check) const {
  const uint64_t bytes = placed.record.value_bytes;
  RecordValues out;
  out.file = std::make_shared<const MappedPart>(path_, placed.offset, sizeof(Header) + bytes);
  out.values = out.file->bytes().subspan(sizeof(Header));
  if (!check) return out;
  const std::optional<Header> header = parse_header(out.file->bytes());
  if (!header || header->value_bytes != bytes) return std::nullopt;
  const Sha256Digest digest = sha256_digest(out.values);
  if (!std::equal(digest.begin(), digest.end(), header->values_sha256)) return std::nullopt;
  return out;
}

SegmentWriter::SegmentWriter(FileLock lock, const fs::path& path, int64_t committed)
    : lock_(std::move(lock)),
      file_(committed == 0 ? AppendFile(path, kFileMagic, 0) : AppendFile(path, committed)) {}

std::unique_ptr<SegmentWriter> SegmentWriter::take(const fs::path& path) {
  std::optional<FileLock> lock = FileLock::take(path);
  if (!lock) return nullptr;
  SegmentReader reader(path);
  reader.scan();
  return std::unique_ptr<SegmentWriter>(new SegmentWriter(std::move(*lock), path, reader.end()));
}

int64_t SegmentWriter::append(const FeatureRecord& record, std::span<const std::byte> values) {
  std::vector<std::byte> bytes(static_cast<size_t>(size_on_disk(values.size())));
  const Header header = make_header(record, values);
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::copy(values.begin(), values.end(), bytes.begin() + sizeof(header));
  return file_.append(bytes);
}

}  // namespace recto
