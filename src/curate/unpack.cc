#include "curate/unpack.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/file.h"
#include "base/sha256.h"
#include "page/archive.h"
#include "page/worker_protocol.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr uint64_t kDiskReserve = uint64_t{1} << 30;

/// A file that is written under a passing name and then called by its hash.
class HashedFile {
 public:
  explicit HashedFile(const fs::path& scratch) : scratch_(scratch) {
    static std::atomic<uint64_t> counter{0};
    path_ = scratch / fmt::format("unpacking-{}-{}", ::getpid(), counter.fetch_add(1));
    file_.reset(std::fopen(path_.c_str(), "wbe"));
    if (!file_) fail_errno(errno, "cannot create " + path_.string());
  }
  ~HashedFile() {
    file_.reset();
    std::error_code ignored;
    if (!path_.empty()) fs::remove(path_, ignored);
  }
  HashedFile(const HashedFile&) = delete;
  HashedFile& operator=(const HashedFile&) = delete;

  void write(std::string_view bytes) {
    hash_.update(bytes);
    size_ += bytes.size();
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
      fail_errno(errno, "cannot write " + path_.string());
    }
  }
  uint64_t size() const { return size_; }

  fs::path keep_under_its_name() {
    close();
    return std::exchange(path_, {});
  }

  /// Its hash and its lasting name.
  std::pair<std::string, fs::path> keep(std::string_view ending) {
    close();
    std::string hash = hash_.hex();
    fs::path lasting = scratch_ / (hash + std::string(ending));
    std::error_code error;
    fs::rename(path_, lasting, error);
    if (error) fail_errno(error.value(), "cannot write " + lasting.string());
    path_.clear();
    return {std::move(hash), std::move(lasting)};
  }

 private:
  void close() {
    if (std::fclose(file_.release()) != 0) fail_errno(errno, "cannot write " + path_.string());
  }

  struct Close {
    void operator()(FILE* file) const { std::fclose(file); }
  };
  const fs::path scratch_;
  fs::path path_;
  std::unique_ptr<FILE, Close> file_;
  Sha256 hash_;
  uint64_t size_ = 0;
};

std::string with_problem(const SourcePlace& place, const std::string& reason) {
  return decode_message(place.location) + ": " + reason;
}

void refuse_file(FoundFile& file, ErrorCode code, const std::string& reason) {
  file.refused = reason;
  file.problem = Error(code, with_problem(file.place, reason));
}

/// One archive, and the archives in it.
class Unpacker {
 public:
  Unpacker(const fs::path& scratch, const UnpackSettings& settings,
           const std::function<std::string(const FoundFile&)>& refuse)
      : scratch_(scratch), settings_(settings), refuse_(refuse) {}

  Unpacked run(const SourcePlace& archive, const NamedKind& kind) {
    std::error_code error;
    const uint64_t size = fs::file_size(archive.location, error);
    set_budget(error ? 0 : size);
    unpack({archive, archive.location, "", kind}, 0);
    std::stable_sort(
        out_.files.begin(), out_.files.end(),
        [](const FoundFile& a, const FoundFile& b) { return a.place.location < b.place.location; });
    out_.entries = settings_.max_entries - std::max<int64_t>(0, budget_.entries);
    return std::move(out_);
  }

 private:
  class Sink;

  void set_budget(uint64_t archive_bytes) {
    const uint64_t by_ratio = std::max(settings_.free_bytes, archive_bytes * settings_.max_ratio);
    const uint64_t free = free_disk_bytes(scratch_);
    const uint64_t by_disk = free > kDiskReserve ? free - kDiskReserve : 0;
    budget_.entries = settings_.max_entries;
    budget_.bytes = std::min(by_ratio, by_disk);
    budget_.bytes_reason = by_disk < by_ratio
                               ? fmt::format("the {} MiB that the disk has to spare", by_disk >> 20)
                           : by_ratio == settings_.free_bytes
                               ? fmt::format("{} MiB, from {} bytes", by_ratio >> 20, archive_bytes)
                               : fmt::format("{} times its size", settings_.max_ratio);
  }

  void unpack(const FoundFile& archive, int depth);

  const fs::path& scratch_;
  const UnpackSettings& settings_;
  const std::function<std::string(const FoundFile&)>& refuse_;
  ArchiveBudget budget_;
  int64_t bad_entries_ = 0;
  Unpacked out_;
};

/// Takes the entries of one archive.
class Unpacker::Sink : public ArchiveSink {
 public:
  Sink(Unpacker& owner, const FoundFile& archive, int depth)
      : owner_(owner), archive_(archive), depth_(depth) {}

  bool wants(const ArchiveEntry& entry) override {
    file_ = FoundFile();
    file_.place = archive_.place;
    if (archive_.kind.kind == FileKind::kCompressed) return wants_compressed(entry);
    MemberName member = check_member_name(entry.name);
    if (depth_ == 0) file_.place.archive_end = archive_.place.location.size();
    file_.place.location += "/" + decode_message(member.name);
    file_.kind = kind_of_name(member.name);
    if (!member.refused.empty()) return refuse(ErrorCode::kBadInput, member.refused);
    if (entry.type == EntryType::kDirectory || member.name.empty()) return false;
    return wants_member(entry, member.name);
  }

  void write(std::string_view bytes) override {
    try {
      if (!content_) return;
      if (content_->size() + bytes.size() > owner_.settings_.max_file_bytes) return too_large();
      content_->write(bytes);
    } catch (const Error& error) {
      own_error_ = error;
      throw;
    }
  }

  void finish(const Error* problem) override {
    const std::unique_ptr<HashedFile> content = std::move(content_);
    if (!content || own_error_) return;
    if (problem != nullptr) {
      refuse(problem->code(), problem->what());
      return;
    }
    try {
      if (nested()) {
        // It goes again once it is unpacked, so nothing else may share its name.
        file_.path = content->keep_under_its_name();
      } else {
        std::tie(file_.sha256, file_.path) = content->keep(file_.kind.ending);
      }
    } catch (const Error& error) {
      own_error_ = error;
      throw;
    }
    take();
  }

  /// What was wrong with writing rather than with the archive.
  const std::optional<Error>& own_error() const { return own_error_; }
  const std::vector<FoundFile>& archives() const { return archives_; }
  bool refused_any() const { return refused_any_; }

 private:
  bool refuse(ErrorCode code, const std::string& reason) {
    refused_any_ = true;
    refuse_file(file_, code, reason);
    owner_.out_.files.push_back(file_);
    if (++owner_.bad_entries_ > owner_.settings_.max_bad_entries) {
      fail(ErrorCode::kLimit, "it has more than {} bad entries; the rest of it is not unpacked",
           owner_.settings_.max_bad_entries);
    }
    return false;
  }

  bool drop(const std::string& reason) {
    file_.refused = reason;
    owner_.out_.files.push_back(file_);
    return false;
  }

  bool wants_compressed(const ArchiveEntry& entry) {
    file_.kind = {archive_.kind.inner == FileKind::kOther ? FileKind::kPage : archive_.kind.inner,
                  archive_.kind.inner_ending};
    file_.place.compression_bytes = archive_.kind.ending.size();
    return begin(entry);
  }

  bool wants_member(const ArchiveEntry& entry, const std::string& name) {
    const FileKind kind =
        file_.kind.kind == FileKind::kCompressed ? file_.kind.inner : file_.kind.kind;
    const bool link = entry.type == EntryType::kSymbolicLink || entry.type == EntryType::kHardLink;
    if (entry.type != EntryType::kFile) {
      const char* reason = link ? "a link, which is not followed" : "a device or a pipe";
      if (kind != FileKind::kOther) return refuse(ErrorCode::kBadInput, reason);
      return ++links_ <= kMaxReportedLinks && drop(reason);
    }
    if (kind == FileKind::kOther) return false;
    if (is_companion_file(name)) return drop("a file that a system keeps beside a document");
    if (!names_.insert(sha256_hex(name).substr(0, kNameDigits)).second) {
      return refuse(ErrorCode::kBadInput, "the archive has this name twice; the first one counts");
    }
    if (entry.encrypted) {
      return refuse(ErrorCode::kBadInput, "it is encrypted; unpack the archive with its password");
    }
    if (nested() && depth_ >= kMaxDepth) {
      return refuse(ErrorCode::kLimit,
                    "an archive in an archive in an archive is not opened; unpack it first");
    }
    return begin(entry);
  }

  bool begin(const ArchiveEntry& entry) {
    const std::string reason = nested() ? "" : owner_.refuse_(file_);
    if (!reason.empty()) return drop(reason);
    if (entry.size > 0 && static_cast<uint64_t>(entry.size) > owner_.settings_.max_file_bytes) {
      return refuse(ErrorCode::kLimit, size_reason());
    }
    try {
      content_ = std::make_unique<HashedFile>(owner_.scratch_);
    } catch (const Error& error) {
      own_error_ = error;
      throw;
    }
    return true;
  }

  void too_large() {
    content_.reset();
    refuse(ErrorCode::kLimit, size_reason());
  }

  std::string size_reason() const {
    return fmt::format("it has more than the {} bytes that are accepted",
                       owner_.settings_.max_file_bytes);
  }

  bool nested() const {
    return file_.kind.kind == FileKind::kArchive || file_.kind.kind == FileKind::kCompressed;
  }

  void take() { (nested() ? archives_ : owner_.out_.files).push_back(file_); }

  static constexpr int kMaxDepth = 1;
  static constexpr int kMaxReportedLinks = 100;
  static constexpr size_t kNameDigits = 32;  // no two names share them by chance

  Unpacker& owner_;
  const FoundFile& archive_;
  const int depth_;
  FoundFile file_;
  std::unique_ptr<HashedFile> content_;
  std::optional<Error> own_error_;
  std::vector<FoundFile> archives_;
  std::set<std::string> names_;
  int links_ = 0;
  bool refused_any_ = false;
};

void Unpacker::unpack(const FoundFile& archive, int depth) {
  Sink sink(*this, archive, depth);
  const ArchiveForm form =
      archive.kind.kind == FileKind::kCompressed ? ArchiveForm::kCompressed : ArchiveForm::kArchive;
  try {
    read_archive(archive.path, form, {settings_.max_memory_bytes, settings_.max_cpu_seconds},
                 budget_, sink);
  } catch (const Error& error) {
    const bool of_the_file =
        error.code() == ErrorCode::kBadInput || error.code() == ErrorCode::kLimit;
    if (sink.own_error() || !of_the_file) throw;
    // Of a compressed file the one entry that was refused is the file itself.
    if (form == ArchiveForm::kCompressed && sink.refused_any()) return;
    FoundFile refused = archive;
    refuse_file(refused, error.code(), error.what());
    out_.files.push_back(std::move(refused));
  }
  for (const FoundFile& inner : sink.archives()) {
    unpack(inner, depth + 1);
    std::error_code ignored;
    fs::remove(inner.path, ignored);
  }
}

}  // namespace

Unpacked unpack(const SourcePlace& archive, const NamedKind& kind, const fs::path& scratch,
                const UnpackSettings& settings,
                const std::function<std::string(const FoundFile&)>& refuse) {
  return Unpacker(scratch, settings, refuse).run(archive, kind);
}

}  // namespace recto
