#pragma once
// Archives and compressed files into files of their own, named by what they hold.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "curate/file_kind.h"
#include "curate/source_place.h"

namespace recto {

struct UnpackSettings {
  uint64_t max_file_bytes = 1u << 30;    ///< of one member
  uint64_t max_memory_bytes = 2u << 30;  ///< of the process that unpacks
  int max_cpu_seconds = 60;              ///< of it, and one more for each MiB of the archive
  int64_t max_entries = 1'000'000;       ///< with those of archives inside
  int64_t max_bad_entries = 1'000;       ///< then the rest of the archive is refused
  /// An archive unpacks to at most so many times its size, but to this many bytes in any case.
  uint64_t max_ratio = 250;
  uint64_t free_bytes = uint64_t{64} << 20;
};

/// A file that was found, and what is wrong with it.
struct FoundFile {
  SourcePlace place;
  std::filesystem::path path;  ///< what to read
  std::string sha256;
  NamedKind kind;
  std::string refused;           ///< why it is left out, "" when it is not
  std::optional<Error> problem;  ///< `refused` as the error of a bad file, with its location
};

struct Unpacked {
  std::vector<FoundFile> files;  ///< by location; also the refused ones
  int64_t entries = 0;           ///< of the archive and of archives in it
};

/// Unpacks the members with the ending of a page, an office file, or of an archive or compressed
/// file, which is unpacked in its turn (once: what is in an archive in an archive in an archive is
/// refused). They are written to `scratch` as SHA256.ENDING. Members are judged by name
/// (file_kind.h), and links, devices, encrypted and doubled members refused. Where the archive is
/// truncated or exceeds a limit, what came before stays and the archive itself is one more file,
/// refused. `refuse` says why a file is not wanted, "" when it is; its bytes are not written then.
/// Throws Error(kIo) when `scratch` cannot be written, Error(kInterrupted).
Unpacked unpack(const SourcePlace& archive, const NamedKind& kind,
                const std::filesystem::path& scratch, const UnpackSettings& settings,
                const std::function<std::string(const FoundFile&)>& refuse);

}  // namespace recto
