#include "page/archive_protocol.h"

#include <bit>
#include <cstring>
#include <vector>

#include "page/worker_protocol.h"

static_assert(std::endian::native == std::endian::little);

namespace recto {
namespace {

constexpr size_t kEntryBytes = 20;

template <typename T>
void put(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <typename T>
T get(std::string_view bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

[[noreturn]] void malformed(const char* what) {
  fail(ErrorCode::kBadInput,
       "the worker that unpacks it gave a malformed answer ({}): the file may be hostile, or the "
       "worker of another version",
       what);
}

/// Reads one account.
class Follower {
 public:
  Follower(ArchiveChannel& channel, ArchiveBudget& budget, ArchiveSink& sink)
      : channel_(channel), budget_(budget), allowed_(budget.bytes), sink_(sink) {}

  void run() {
    for (;;) {
      switch (next().kind) {
        case RecordKind::kEntry:
          entry();
          break;
        case RecordKind::kEnd:
          return end(decode_end(payload_));
        default:
          malformed("data of no entry");
      }
    }
  }

 private:
  RecordHeader next() {
    char bytes[kRecordHeaderBytes];
    channel_.read(bytes, sizeof(bytes));
    const RecordHeader header = decode_record_header({bytes, sizeof(bytes)});
    payload_.resize(header.payload_bytes);
    channel_.read(payload_.data(), payload_.size());
    return header;
  }

  void entry() {
    const EntryRecord record = decode_entry(payload_);
    if (--budget_.entries < 0) fail(ErrorCode::kLimit, "it has too many entries");
    // Of a compressed tar every byte is unpacked, also of what nobody wants.
    uint64_t unpacked = record.unpacked;
    if (record.skipping_unpacks && record.entry.size > 0) {
      unpacked += static_cast<uint64_t>(record.entry.size);
    }
    if (unpacked > allowed_) fail_as_bomb();
    const bool wanted = sink_.wants(record.entry);
    const bool readable = record.entry.type == EntryType::kFile && !record.entry.encrypted;
    channel_.answer(wanted && readable);
    if (wanted && readable) data();
  }

  void data() {
    try {
      for (;;) {
        const RecordKind kind = next().kind;
        if (kind == RecordKind::kData) {
          spend(payload_.size());
          sink_.write(payload_);
        } else if (kind == RecordKind::kEntryEnd) {
          return finish(decode_end(payload_));
        } else if (kind == RecordKind::kEnd) {
          end(decode_end(payload_));
          malformed("an entry without an end");
        } else {
          malformed("an entry in an entry");
        }
      }
    } catch (const Error& error) {
      sink_.finish(&error);
      throw;
    }
  }

  void finish(const EndRecord& record) {
    if (record.status == 0) return sink_.finish(nullptr);
    const Error error(error_of(record.status), record.message);
    sink_.finish(&error);
  }

  static void end(const EndRecord& record) {
    if (record.status != 0) throw Error(error_of(record.status), record.message);
  }

  void spend(size_t bytes) {
    if (bytes > budget_.bytes) fail_as_bomb();
    budget_.bytes -= bytes;
  }

  [[noreturn]] void fail_as_bomb() const {
    fail(ErrorCode::kLimit,
         "it unpacks to more than {}; the rest of it is not unpacked, since it may be made to fill "
         "the disk",
         budget_.bytes_reason);
  }

  ArchiveChannel& channel_;
  ArchiveBudget& budget_;
  const uint64_t allowed_;
  ArchiveSink& sink_;
  std::string payload_;
};

}  // namespace

std::string record_header(RecordKind kind, size_t payload_bytes) {
  std::string bytes;
  put(bytes, static_cast<uint32_t>(kind));
  put(bytes, static_cast<uint32_t>(payload_bytes));
  return bytes;
}

std::string encode(const EntryRecord& record) {
  std::string bytes;
  put(bytes, static_cast<uint8_t>(record.entry.type));
  put(bytes, uint8_t{record.entry.encrypted});
  put(bytes, uint8_t{record.skipping_unpacks});
  put(bytes, uint8_t{0});
  put(bytes, record.entry.size);
  put(bytes, record.unpacked);
  return bytes + record.entry.name;
}

std::string encode(const EndRecord& record) {
  std::string bytes;
  put(bytes, record.status);
  return bytes + record.message;
}

RecordHeader decode_record_header(std::string_view bytes) {
  if (bytes.size() != kRecordHeaderBytes) malformed("too short");
  const auto kind = get<uint32_t>(bytes, 0);
  if (kind < 1 || kind > 4) malformed("no record");
  const RecordHeader header{static_cast<RecordKind>(kind), get<uint32_t>(bytes, 4)};
  if (header.payload_bytes > kMaxRecordPayload) malformed("too long");
  return header;
}

EntryRecord decode_entry(std::string_view bytes) {
  if (bytes.size() < kEntryBytes || bytes.size() > kEntryBytes + kMaxEntryName) {
    malformed("an entry of wrong length");
  }
  const auto type = get<uint8_t>(bytes, 0);
  if (type > static_cast<uint8_t>(EntryType::kSpecial)) malformed("an entry of no type");
  EntryRecord record;
  record.entry.type = static_cast<EntryType>(type);
  record.entry.encrypted = get<uint8_t>(bytes, 1) != 0;
  record.skipping_unpacks = get<uint8_t>(bytes, 2) != 0;
  record.entry.size = get<int64_t>(bytes, 4);
  record.unpacked = get<uint64_t>(bytes, 12);
  if (record.entry.size < -1 || record.unpacked > uint64_t{1} << 62) malformed("out of range");
  record.entry.name = bytes.substr(kEntryBytes);
  return record;
}

EndRecord decode_end(std::string_view bytes) {
  if (bytes.size() < sizeof(uint32_t)) malformed("too short");
  return {get<uint32_t>(bytes, 0), decode_message(bytes.substr(sizeof(uint32_t)))};
}

void follow_archive(ArchiveChannel& channel, ArchiveBudget& budget, ArchiveSink& sink) {
  Follower(channel, budget, sink).run();
}

}  // namespace recto
