#pragma once
// The members of archives nobody vouches for, one after another. The archive is opened by this
// process and decoded by another (recto-source-worker, with libarchive) that has no network, no
// files, and limits on memory and time. Nothing is written here: names are bytes that the caller
// judges.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace recto {

enum class ArchiveForm {
  kArchive,     ///< zip, or tar; tar also under gzip, bzip2, xz or zstd
  kCompressed,  ///< one file under gzip, bzip2, xz or zstd
};

enum class EntryType { kFile, kDirectory, kSymbolicLink, kHardLink, kSpecial };

struct ArchiveEntry {
  std::string name;  ///< as the archive has it, any bytes; of no meaning for kCompressed
  EntryType type = EntryType::kFile;
  bool encrypted = false;
  int64_t size = -1;  ///< what the archive claims, -1 when it claims nothing
};

/// What an archive may still unpack to; archives within one another share theirs.
struct ArchiveBudget {
  uint64_t bytes = 0;
  std::string bytes_reason;  ///< where the number comes from, for messages
  int64_t entries = 0;
};

struct ArchiveLimits {
  uint64_t max_memory_bytes = 2u << 30;  ///< address space of the worker
  /// Processor time of the worker: so many seconds, and one more for each MiB of the archive.
  int max_cpu_seconds = 60;
};

/// Gets the entries. Not called by several threads at once.
class ArchiveSink {
 public:
  virtual ~ArchiveSink() = default;
  /// Whether the bytes of this entry are wanted. Anything but a plain file without encryption has
  /// none.
  virtual bool wants(const ArchiveEntry& entry) = 0;
  virtual void write(std::string_view bytes) = 0;
  /// The entry is complete, or what is wrong with it.
  virtual void finish(const Error* problem) = 0;
};

/// The worker program: $RECTO_SOURCE_WORKER if set; else recto-source-worker beside the running
/// program, in ../libexec/recto, or where the build put it. Throws Error(kNotFound).
std::filesystem::path find_source_worker();

/// Gives every entry of the archive to `sink`, in the archive's order. Throws Error(kBadInput) for
/// a file that is no archive, is truncated or damaged, or makes the worker crash; Error(kLimit)
/// when it unpacks to more than the budget, or takes too much time or memory: what came before has
/// been given then. Throws Error(kNotFound | kIo), Error(kInterrupted), and what `sink` throws.
void read_archive(const std::filesystem::path& path, ArchiveForm form, const ArchiveLimits& limits,
                  ArchiveBudget& budget, ArchiveSink& sink);

}  // namespace recto
