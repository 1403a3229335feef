// recto-source-worker: gives up every right and tells the entries of one archive
// (archive_protocol.h), or most rights and becomes LibreOffice (program_sandbox.h). Started by
// recto, never by hand.

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/utf8.h"
#include "page/archive_protocol.h"
#include "page/program_sandbox.h"
#include "page/sandbox.h"
#include "page/worker_protocol.h"

namespace recto {
namespace {

constexpr int kAnswers = 0;
constexpr int kAccount = 1;

// ---- speaking with the parent

void write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(kAccount, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) ::_exit(0);  // the parent is gone
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

void tell(RecordKind kind, std::string_view payload) {
  write_all(record_header(kind, payload.size()));
  write_all(payload);
}

void tell_end(RecordKind kind, ErrorCode code, const std::string& message) {
  tell(kind, encode(EndRecord{status_of(code), replace_invalid_utf8(message)}));
}

bool wanted() {
  char answer = 0;
  for (;;) {
    const ssize_t count = ::read(kAnswers, &answer, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) ::_exit(0);
    return answer != 0;
  }
}

// ---- the archive file

/// The archive as libarchive reads it: by its descriptor alone, since the sandbox allows no more.
struct Input {
  char buffer[64 << 10];
};

la_ssize_t read_input(archive* reader, void* state, const void** block) {
  auto* input = static_cast<Input*>(state);
  *block = input->buffer;
  for (;;) {
    const ssize_t count = ::read(kArchiveDescriptor, input->buffer, sizeof(input->buffer));
    if (count >= 0) return count;
    if (errno == EINTR) continue;
    ::archive_set_error(reader, errno, "cannot read the archive");
    return ARCHIVE_FATAL;
  }
}

la_int64_t seek_input(archive* reader, void*, la_int64_t offset, int whence) {
  const off_t position = ::lseek(kArchiveDescriptor, offset, whence);
  if (position >= 0) return position;
  ::archive_set_error(reader, errno, "cannot seek in the archive");
  return ARCHIVE_FATAL;
}

la_int64_t skip_input(archive*, void*, la_int64_t bytes) {
  const off_t before = ::lseek(kArchiveDescriptor, 0, SEEK_CUR);
  const off_t end = ::lseek(kArchiveDescriptor, 0, SEEK_END);
  if (before < 0 || end < 0) return 0;
  // Not beyond the end, so that a truncated archive is found to be one.
  const off_t after = bytes < end - before ? before + bytes : end;
  return ::lseek(kArchiveDescriptor, after, SEEK_SET) == after ? after - before : 0;
}

/// The names of a zip file's members, which libarchive cuts at a NUL: one that has one says another
/// thing to other programs.
class ZipNames {
 public:
  bool any_has_nul() {
    const off_t end = ::lseek(kArchiveDescriptor, 0, SEEK_END);
    const bool found = end > 0 && find_nul(static_cast<uint64_t>(end));
    ::lseek(kArchiveDescriptor, 0, SEEK_SET);
    return found;
  }

 private:
  static constexpr size_t kEndBytes = 22;
  static constexpr size_t kHeaderBytes = 46;

  bool find_nul(uint64_t file_bytes) {
    const uint64_t tail_at = file_bytes - std::min<uint64_t>(file_bytes, kEndBytes + 0xFFFF);
    const std::string tail = read_at(tail_at, file_bytes - tail_at);
    const size_t end = tail.rfind("PK\5\6");
    if (end == std::string::npos || tail.size() - end < kEndBytes) return false;
    const uint64_t directory_end = tail_at + end;
    const uint64_t directory_bytes = number(tail, end + 12, 4);
    if (directory_bytes > directory_end) return false;
    for (uint64_t at = directory_end - directory_bytes; at + kHeaderBytes <= directory_end;) {
      const std::string header = read_at(at, kHeaderBytes);
      if (header.size() < kHeaderBytes || !header.starts_with("PK\1\2")) return false;
      const uint64_t name_bytes = number(header, 28, 2);
      if (read_at(at + kHeaderBytes, name_bytes).find('\0') != std::string::npos) return true;
      at += kHeaderBytes + name_bytes + number(header, 30, 2) + number(header, 32, 2);
    }
    return false;
  }

  static uint64_t number(const std::string& bytes, size_t at, int count) {
    uint64_t value = 0;
    while (count-- > 0) value = value << 8 | static_cast<uint8_t>(bytes[at + count]);
    return value;
  }

  std::string read_at(uint64_t offset, size_t size) {
    std::string bytes(size, '\0');
    size_t done = 0;
    if (::lseek(kArchiveDescriptor, static_cast<off_t>(offset), SEEK_SET) < 0) return "";
    while (done < size) {
      const ssize_t count = ::read(kArchiveDescriptor, bytes.data() + done, size - done);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      done += static_cast<size_t>(count);
    }
    bytes.resize(done);
    return bytes;
  }
};

// ---- entries

EntryType type_of(archive_entry* entry) {
  if (::archive_entry_hardlink(entry) != nullptr) return EntryType::kHardLink;
  switch (::archive_entry_filetype(entry)) {
    case AE_IFREG:
      return EntryType::kFile;
    case AE_IFDIR:
      return EntryType::kDirectory;
    case AE_IFLNK:
      return EntryType::kSymbolicLink;
    default:
      return EntryType::kSpecial;
  }
}

std::string name_of(archive_entry* entry) {
  const char* name = ::archive_entry_pathname(entry);
  if (name == nullptr) name = ::archive_entry_pathname_utf8(entry);
  return name == nullptr ? std::string() : std::string(name).substr(0, kMaxEntryName);
}

class ArchiveAccount {
 public:
  explicit ArchiveAccount(bool compressed) : reader_(::archive_read_new()) {
    if (reader_ == nullptr) throw std::bad_alloc();
    ::archive_read_support_filter_gzip(reader_);
    ::archive_read_support_filter_bzip2(reader_);
    ::archive_read_support_filter_xz(reader_);
    ::archive_read_support_filter_zstd(reader_);
    if (compressed) {
      ::archive_read_support_format_raw(reader_);
    } else {
      ::archive_read_support_format_zip(reader_);
      ::archive_read_support_format_tar(reader_);
    }
    ::archive_read_set_read_callback(reader_, read_input);
    ::archive_read_set_seek_callback(reader_, seek_input);
    ::archive_read_set_skip_callback(reader_, skip_input);
    ::archive_read_set_callback_data(reader_, &input_);
    compressed_ = compressed;
  }

  void tell_all() {
    if (!compressed_ && ZipNames().any_has_nul()) {
      return tell_end(RecordKind::kEnd, ErrorCode::kBadInput,
                      "a name in it holds a NUL byte; such an archive shows different names to "
                      "different programs");
    }
    if (::archive_read_open1(reader_) != ARCHIVE_OK) return tell_problem(RecordKind::kEnd);
    archive_entry* entry = nullptr;
    for (;;) {
      const int result = ::archive_read_next_header(reader_, &entry);
      if (result == ARCHIVE_EOF) return tell(RecordKind::kEnd, encode(EndRecord{}));
      if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return tell_problem(RecordKind::kEnd);
      // One file that is under no compression at all is what its ending denies.
      if (compressed_ && ::archive_filter_count(reader_) < 2) {
        return tell_end(RecordKind::kEnd, ErrorCode::kBadInput,
                        "it is not compressed with gzip, bzip2, xz or zstd");
      }
      if (!tell_entry(entry)) return;
    }
  }

 private:
  /// False when the archive cannot be read on.
  bool tell_entry(archive_entry* entry) {
    EntryRecord record;
    record.entry.name = name_of(entry);
    record.entry.type = type_of(entry);
    record.entry.encrypted = ::archive_entry_is_encrypted(entry) != 0;
    record.entry.size = ::archive_entry_size_is_set(entry) != 0 ? ::archive_entry_size(entry) : -1;
    if (record.entry.size < 0) record.entry.size = -1;
    record.skipping_unpacks = ::archive_filter_count(reader_) > 1;
    const int64_t unpacked = ::archive_filter_bytes(reader_, 0);
    record.unpacked = unpacked > 0 ? static_cast<uint64_t>(unpacked) : 0;
    tell(RecordKind::kEntry, encode(record));
    return !wanted() || tell_data();
  }

  bool tell_data() {
    for (;;) {
      const la_ssize_t count = ::archive_read_data(reader_, block_, sizeof(block_));
      if (count > 0) {
        tell(RecordKind::kData, {block_, static_cast<size_t>(count)});
      } else if (count == 0) {
        tell(RecordKind::kEntryEnd, encode(EndRecord{}));
        return true;
      } else if (count == ARCHIVE_RETRY) {
        continue;
      } else {
        const bool fatal = count == ARCHIVE_FATAL;
        tell_problem(fatal ? RecordKind::kEnd : RecordKind::kEntryEnd);
        return !fatal;
      }
    }
  }

  void tell_problem(RecordKind kind) {
    if (::archive_errno(reader_) == ENOMEM) ::_exit(kExitOutOfMemory);
    const char* message = ::archive_error_string(reader_);
    tell_end(kind, ErrorCode::kBadInput,
             fmt::format("it cannot be unpacked ({}): it is damaged, truncated, or {}",
                         message == nullptr ? "unknown format" : message,
                         compressed_ ? "not compressed with gzip, bzip2, xz or zstd"
                                     : "neither zip nor tar"));
  }

  archive* reader_;
  bool compressed_ = false;
  Input input_{};
  char block_[kMaxRecordPayload];
};

// ---- the process

/// The end of the parent ends this process; it waits in the thread that started it.
void end_with_parent(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (::getppid() != parent) ::_exit(0);
}

void limit_cpu_time(uint64_t seconds) {
  const rlimit limit{seconds, seconds + 1};
  ::setrlimit(RLIMIT_CPU, &limit);
}

int tell_archive(char** arguments) {
  ::syscall(SYS_close_range, kArchiveDescriptor + 1, ~0u, 0);
  end_with_parent(static_cast<pid_t>(std::atol(arguments[3])));
  [[maybe_unused]] const int ignored = ::chdir("/");
  // Names marked as UTF-8 stay what they are.
  if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) std::setlocale(LC_CTYPE, "");
  limit_memory(std::strtoull(arguments[1], nullptr, 10));
  limit_cpu_time(std::strtoull(arguments[2], nullptr, 10));
  static ArchiveAccount account(std::string_view(arguments[0]) == "compressed");
  const SandboxStatus status = enter_sandbox({.input = kArchiveDescriptor});
  if (status.landlock_abi == 0 && !status.seccomp) {
    tell_end(RecordKind::kEnd, ErrorCode::kUnsupported,
             "this system offers neither Landlock nor seccomp, so the file cannot be opened "
             "safely; use Linux 5.13 or newer, or a container that allows seccomp");
  } else {
    account.tell_all();
  }
  // Without destructors: the sandbox leaves little that they could do.
  ::_exit(0);
}

/// Becomes an office program that can do little: arguments are limits, the parent, the folder it
/// may write to, the program's own folder, and then the command.
int become_program(char** arguments) {
  ::syscall(SYS_close_range, 3, ~0u, 0);
  end_with_parent(static_cast<pid_t>(std::atol(arguments[3])));
  const char* writable = arguments[4];
  if (::chdir(writable) != 0) return kExitNotConfined;
  const ProgramLimits limits{std::strtoull(arguments[0], nullptr, 10),
                             std::strtoull(arguments[1], nullptr, 10),
                             std::strtoull(arguments[2], nullptr, 10)};
  if (!confine_program(arguments[5], writable, limits)) return kExitNotConfined;
  ::execv(arguments[6], arguments + 6);
  return kExitNotStarted;
}

int run(int count, char** arguments) {
  try {
    if (count == 6 && std::string_view(arguments[1]) == "archive") {
      return tell_archive(arguments + 2);
    }
    if (count >= 9 && std::string_view(arguments[1]) == "office") {
      return become_program(arguments + 2);
    }
  } catch (const std::bad_alloc&) {
    ::_exit(kExitOutOfMemory);
  } catch (const std::exception&) {
    ::_exit(1);
  }
  std::fprintf(stderr, "recto-source-worker is started by recto\n");
  return 2;
}

}  // namespace
}  // namespace recto

int main(int count, char** arguments) { return recto::run(count, arguments); }
