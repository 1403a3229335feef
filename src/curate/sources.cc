#include "curate/sources.h"

#include <atomic>
#include <set>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/list_files.h"
#include "base/sha256.h"
#include "base/threads.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr const char* kStage = "file";
constexpr const char* kCopyReason = "copy of the document ";
constexpr const char* kNoLicence = "no licence is stated for it in the file of sources";
constexpr const char* kNoOffice =
    "an office file, which needs LibreOffice, and soffice was not found";

/// A file of the file system.
struct ListedFile {
  SourcePlace place;
  bool named = false;  ///< it is a PATH itself
};

bool is_wanted(const fs::path& path) {
  const NamedKind kind = kind_of_name(path.filename().string());
  return kind.kind == FileKind::kCompressed ? kind.inner != FileKind::kOther
                                            : kind.kind != FileKind::kOther;
}

/// How the files below `scratch` begin when `folder` is listed, "" when that does not hold it.
std::string scratch_below(const fs::path& folder, const fs::path& scratch) {
  const fs::path relative =
      fs::weakly_canonical(scratch).lexically_relative(fs::weakly_canonical(folder));
  if (relative.empty() || *relative.begin() == "..") return "";
  return (folder / relative / "").string();
}

/// What a former run has unpacked is not there to be read again: an output may be in a PATH.
void list_path(const fs::path& path, const fs::path& scratch, std::vector<ListedFile>& listed) {
  if (!is_folder(path)) {
    const std::string location = path.string();
    listed.push_back({{location, location.size() - path.filename().string().size()}, true});
    return;
  }
  const size_t relative_at = (path / "").string().size();
  const std::string unpacked = scratch_below(path, scratch);
  for (const fs::path& file : list_files_below(path, {.wanted = is_wanted})) {
    if (!unpacked.empty() && file.string().starts_with(unpacked)) continue;
    listed.push_back({{file.string(), relative_at}, false});
  }
}

class Collector {
 public:
  Collector(const fs::path& scratch, const SourceOptions& options, Audit& audit)
      : scratch_(scratch),
        options_(options),
        audit_(audit),
        used_(options.provenance == nullptr ? 0 : options.provenance->size()) {}

  SourceList run(const std::vector<fs::path>& paths) {
    std::vector<ListedFile> listed;
    for (const fs::path& path : paths) list_path(path, scratch_, listed);
    make_directories(scratch_);
    std::vector<Unpacked> found(listed.size());
    parallel_for(listed.size(), options_.threads, [&](size_t i) {
      throw_if_interrupted();
      found[i] = find_in(listed[i]);
    });
    for (Unpacked& files : found) take(std::move(files));
    convert();
    for (size_t row = 0; row < used_.size(); ++row) {
      if (!used_[row]) out_.unused_globs.push_back(options_.provenance->glob(row));
    }
    return std::move(out_);
  }

 private:
  // ---- one listed file, in any thread

  Unpacked find_in(const ListedFile& listed) {
    FoundFile file;
    file.place = listed.place;
    file.path = listed.place.location;
    file.kind = kind_of_name(listed.place.location);
    const auto refuse = [&](const FoundFile& member) { return refusal(member); };
    if (!listed.named && is_companion_file(listed.place.location)) {
      file.refused = "a file that a system keeps beside a document";
    } else if (file.kind.kind == FileKind::kArchive || file.kind.kind == FileKind::kCompressed) {
      if (!exceeds_limit(file)) {
        return unpack(file.place, file.kind, scratch_, options_.unpack, refuse);
      }
    } else {
      file.refused = refusal(file);
      if (listed.named && file.refused == kNoOffice) {
        file.problem = Error(ErrorCode::kUnsupported, file.place.location + ": " + kNoOffice);
      }
      if (file.refused.empty() && !exceeds_limit(file)) hash(file);
    }
    Unpacked one;
    one.files.push_back(std::move(file));
    return one;
  }

  /// Why a file is not wanted, before it is read.
  std::string refusal(const FoundFile& file) {
    if (file.kind.kind == FileKind::kOffice && options_.soffice.empty()) return kNoOffice;
    if (options_.provenance == nullptr) return "";
    const std::optional<size_t> row = options_.provenance->find(file.place);
    if (row) used_[*row] = true;
    const bool licensed = row && !options_.provenance->facts(*row).licence.empty();
    return options_.require_licence && !licensed ? kNoLicence : "";
  }

  /// Archives may be as large as they like: what they hold is limited.
  bool exceeds_limit(FoundFile& file) const {
    if (file.kind.kind == FileKind::kArchive) return false;
    std::error_code error;
    const uint64_t size = fs::file_size(file.path, error);
    if (error || size <= options_.unpack.max_file_bytes) return false;
    file.refused = fmt::format("the file has {} bytes, but at most {} are accepted", size,
                               options_.unpack.max_file_bytes);
    file.problem = Error(ErrorCode::kLimit, file.place.location + ": " + file.refused);
    return true;
  }

  static void hash(FoundFile& file) {
    try {
      file.sha256 = sha256_file(file.path);
    } catch (const Error& error) {
      file.problem = error;
      // What is recorded does not depend on where the files lie.
      file.refused = error.what();
      const size_t at = file.refused.find(file.place.location);
      if (at != std::string::npos) {
        file.refused.replace(at, file.place.location.size(), file.place.name());
      }
    }
  }

  // ---- all of them, in order

  void take(Unpacked files) {
    int64_t kept = 0;
    std::string archive;
    for (FoundFile& file : files.files) {
      const bool stays = file.refused.empty();
      kept += stays ? 1 : 0;
      if (file.place.in_archive()) archive = file.place.location.substr(0, file.place.archive_end);
      take(std::move(file));
    }
    if (!archive.empty()) {
      audit_.keep(fs::path(archive).filename().string(), kStage, "unpacked",
                  static_cast<double>(kept), static_cast<double>(files.entries));
    }
  }

  SourceFacts facts_of(const SourcePlace& place) const {
    if (options_.provenance == nullptr) return {};
    const std::optional<size_t> row = options_.provenance->find(place);
    return row ? options_.provenance->facts(*row) : SourceFacts{};
  }

  /// What is said of a copy is true of the document.
  static void add_missing(const SourceFacts& more, SourceFacts& facts) {
    for (std::string SourceFacts::* field :
         {&SourceFacts::title, &SourceFacts::licence, &SourceFacts::url, &SourceFacts::language}) {
      if ((facts.*field).empty()) facts.*field = more.*field;
    }
  }

  void take(FoundFile file) {
    const size_t position = out_.listed.size();
    const std::string name = file.place.name();
    out_.listed.push_back(file.place);
    if (file.problem) out_.problems[position].push_back(*file.problem);
    if (!file.refused.empty()) return audit_.drop(name, kStage, file.refused);
    const auto [first, is_new] = seen_.emplace(file.sha256, out_.sources.size());
    if (!is_new) {
      Source& source = out_.sources[first->second];
      add_missing(facts_of(file.place), source.facts);
      source.copies.push_back(std::move(file.place));
      return audit_.drop(name, kStage, kCopyReason + file.sha256);
    }
    SourceFacts facts = facts_of(file.place);
    if (file.kind.kind == FileKind::kOffice) {
      office_.push_back({out_.sources.size(), file.kind.ending});
    }
    out_.sources.push_back({std::move(file.place),
                            std::move(file.path),
                            std::move(file.sha256),
                            position,
                            std::move(facts),
                            {}});
  }

  // ---- office files

  struct OfficeFile {
    size_t source;
    std::string_view ending;
  };

  void convert() {
    std::vector<std::optional<Error>> errors(office_.size());
    parallel_for(office_.size(), options_.threads, [&](size_t i) {
      throw_if_interrupted();
      errors[i] = convert(out_.sources[office_[i].source], office_[i].ending);
    });
    std::set<size_t> failed;
    for (size_t i = 0; i < office_.size(); ++i) {
      if (!errors[i]) continue;
      const Source& source = out_.sources[office_[i].source];
      audit_.drop(source.name(), kStage, errors[i]->what());
      out_.problems[source.position].emplace_back(errors[i]->code(),
                                                  source.place.location + ": " + errors[i]->what());
      failed.insert(source.position);
    }
    std::erase_if(out_.sources,
                  [&](const Source& source) { return failed.count(source.position) > 0; });
  }

  std::optional<Error> convert(Source& source, std::string_view ending) const {
    const fs::path target = scratch_ / (source.sha256 + ".office.pdf");
    try {
      if (!fs::exists(target)) {
        convert_to_pdf(options_.soffice, source.path, ending, target, scratch_, options_.office);
      }
    } catch (const Error& error) {
      const bool of_the_file = error.code() == ErrorCode::kBadInput ||
                               error.code() == ErrorCode::kLimit ||
                               error.code() == ErrorCode::kUnsupported;
      if (!of_the_file) throw;
      return error;
    }
    source.path = target;
    return std::nullopt;
  }

  const fs::path& scratch_;
  const SourceOptions& options_;
  Audit& audit_;
  std::vector<std::atomic<bool>> used_;  ///< rows of the file of sources
  std::map<std::string, size_t> seen_;   ///< place in out_.sources by hash
  std::vector<OfficeFile> office_;
  SourceList out_;
};

}  // namespace

SourceList collect_sources(const std::vector<fs::path>& paths, const fs::path& scratch,
                           const SourceOptions& options, Audit& audit) {
  if (options.require_licence && options.provenance == nullptr) {
    fail(ErrorCode::kUsage,
         "a licence is required, but there is no file of sources that states one; give it with "
         "--sources FILE.csv");
  }
  return Collector(scratch, options, audit).run(paths);
}

}  // namespace recto
