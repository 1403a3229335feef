#pragma once
// What recto-source-worker says of an archive, and what its reader answers. Private to one version
// of recto: the two are installed together. All numbers are little-endian.
//
// The worker has four descriptors when it starts:
//   0  answers (a stream socket)   1  its account (a pipe)   2  /dev/null   3  the archive
//
// Its account is a sequence of records: u32 kind, u32 bytes of payload, then the payload.
// kind 1 entry      u8 type (0 file, 1 directory, 2 symbolic link, 3 hard link, 4 anything else),
//                   u8 encrypted, u8 1 where skipping it means unpacking it, u8 0,
//                   i64 size it claims (-1: none), u64 bytes of the archive unpacked so far, name
// kind 2 data       bytes of the entry
// kind 3 entry end  u32 status, message
// kind 4 end        u32 status, message
//
// Each entry is answered with one byte: 1 for an entry that is wanted, of which data and an entry
// end follow, or 0. The end comes last, and instead of an entry end where the archive breaks off.
// Status and message are those of worker_protocol.h; status 0 has no message.

#include <cstdint>
#include <string>
#include <string_view>

#include "page/archive.h"

namespace recto {

inline constexpr int kArchiveDescriptor = 3;
inline constexpr size_t kRecordHeaderBytes = 8;
inline constexpr uint32_t kMaxRecordPayload = 256u << 10;
inline constexpr size_t kMaxEntryName = 8192;  ///< longer ones are cut by the worker

enum class RecordKind : uint32_t { kEntry = 1, kData = 2, kEntryEnd = 3, kEnd = 4 };

struct RecordHeader {
  RecordKind kind = RecordKind::kEnd;
  uint32_t payload_bytes = 0;
};

struct EntryRecord {
  ArchiveEntry entry;
  bool skipping_unpacks = false;
  uint64_t unpacked = 0;
};

struct EndRecord {
  uint32_t status = 0;
  std::string message;
};

// Writers.
std::string record_header(RecordKind kind, size_t payload_bytes);
std::string encode(const EntryRecord& record);
std::string encode(const EndRecord& record);

// Readers. The account comes from a process that a hostile archive may have taken over: each throws
// Error(kBadInput) for anything malformed, and allocates no more than `bytes`.
RecordHeader decode_record_header(std::string_view bytes);
EntryRecord decode_entry(std::string_view bytes);
EndRecord decode_end(std::string_view bytes);

/// Where an account comes from: a worker, or a test.
class ArchiveChannel {
 public:
  virtual ~ArchiveChannel() = default;
  /// The next `size` bytes of the account. Throws when there are no more.
  virtual void read(char* to, size_t size) = 0;
  virtual void answer(bool wanted) = 0;
};

/// Reads an account to its end, as read_archive does.
void follow_archive(ArchiveChannel& channel, ArchiveBudget& budget, ArchiveSink& sink);

}  // namespace recto
