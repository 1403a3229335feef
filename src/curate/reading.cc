#include "curate/reading.h"

#include <atomic>
#include <iterator>
#include <mutex>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "base/threads.h"
#include "curate/file_kind.h"
#include "curate/named_documents.h"
#include "curate/settings.h"
#include "data/parquet.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

bool same_facts(const SourceFacts& a, const SourceFacts& b) {
  return a.title == b.title && a.licence == b.licence && a.url == b.url && a.language == b.language;
}

/// True when a former run has finished the document.
bool is_finished(const Source& source, const RecordPlace& place) {
  if (!fs::exists(place.record)) return false;
  try {
    const DocumentRecord record = read_record(place.record);
    if (!same_facts(record.document.source, source.facts)) return false;
    return !record.kept || ParquetFile(place.pages).rows() == std::ssize(record.document.pages);
  } catch (const Error& error) {
    log_warning("{}; the document is read again", error.what());
    return false;
  }
}

class Reading {
 public:
  Reading(const std::vector<Source>& sources, const CurateOptions& options,
          const IngestTools& tools, const fs::path& documents)
      : sources_(sources),
        options_(options),
        tools_(tools),
        documents_(documents),
        first_bad_(sources.size()),
        progress_("documents", sources.size()) {}

  void run() {
    parallel_for(sources_.size(), options_.threads, [&](size_t i) {
      throw_if_interrupted();
      // Files before the first bad one are read to the end, so that it does not depend on threads
      // which one is reported.
      if (i > first_bad_) return;
      read(i);
      progress_.advance();
    });
    if (bad_) throw Error(*bad_);
    if (taken_up_ > 0) log_info("{} documents were finished by a former run", taken_up_.load());
  }

 private:
  void read(size_t i) {
    const RecordPlace place = record_place(documents_, sources_[i].sha256);
    if (is_finished(sources_[i], place)) {
      ++taken_up_;
      return;
    }
    const IngestedDocument document =
        ingest_document(sources_[i], options_, tools_, place.pages, [&] {
          const std::lock_guard lock(mutex_);
          progress_.set_note(fmt::format("{} pages", ++pages_));
        });
    if (document.first_problem && !options_.keep_going) {
      const std::lock_guard lock(mutex_);
      if (i > first_bad_) return;
      first_bad_ = i;
      bad_ = document.first_problem;
      return;
    }
    write_record(place.record, document.record);
  }

  const std::vector<Source>& sources_;
  const CurateOptions& options_;
  const IngestTools& tools_;
  const fs::path documents_;
  std::atomic<size_t> first_bad_;
  std::atomic<size_t> taken_up_{0};
  std::optional<Error> bad_;
  std::mutex mutex_;
  uint64_t pages_ = 0;
  Progress progress_;
};

std::string hash_run(const SourceList& files, const CurateOptions& options,
                     const CurationTools& tools) {
  Json listed = Json::array();
  for (const SourcePlace& place : files.listed) listed.push_back(place.relative());
  Json sources = Json::array();
  for (const Source& source : files.sources) {
    const SourceFacts& facts = source.facts;
    Json copies = Json::array();
    for (const SourcePlace& place : source.copies) copies.push_back(place.relative());
    sources.push_back({source.position, source.sha256, facts.title, facts.licence, facts.url,
                       facts.language, std::move(copies)});
  }
  return sha256_hex(dump_json({{"settings", settings_json(options)},
                               {"reading", ingest_settings(options, tools)},
                               {"listed", std::move(listed)},
                               {"sources", std::move(sources)}}));
}

}  // namespace

Listing list_files(const std::vector<fs::path>& paths, const fs::path& scratch,
                   const CurateOptions& options, const CurationTools& tools) {
  std::optional<Provenance> provenance;
  if (!options.sources.empty()) provenance = Provenance::read(options.sources);
  SourceOptions settings;
  settings.unpack.max_file_bytes = options.limits.max_file_bytes;
  settings.soffice = find_soffice();
  settings.provenance = provenance ? &*provenance : nullptr;
  settings.require_licence = options.require_licence;
  settings.threads = options.threads;
  Listing listing;
  Audit audit;
  listing.directory = fs::current_path();
  listing.files = collect_sources(paths, scratch, settings, audit);
  listing.audit = audit.rows();
  listing.run_sha256 = hash_run(listing.files, options, tools);
  listing.tools = tools.versions;
  for (const std::string& glob : listing.files.unused_globs) {
    log_warning("{}: the glob \"{}\" matches no file", options.sources.string(), glob);
  }
  return listing;
}

namespace {

/// Folders without a file that is read, and files that are all left out.
void check_there_is_one(const Listing& files) {
  if (files.files.listed.empty()) {
    fail(ErrorCode::kBadInput,
         "no file to read: the folders and archives named hold none (links to folders are not "
         "followed); read are {}, told by their names",
         readable_kinds());
  }
  if (!files.files.sources.empty() || !files.files.problems.empty()) return;
  std::string first;
  for (const AuditRow& row : files.audit) {
    if (first.empty() && row.decision == "dropped") first = row.item + ": " + row.reason;
  }
  fail(ErrorCode::kBadInput, "all {} files are left out; the first one: {}",
       files.files.listed.size(), first);
}

}  // namespace

void check_files(const Listing& files, const CurateOptions& options) {
  check_there_is_one(files);
  check_patterns(options.test_documents, "test", files.files);
  check_patterns(options.validation_documents, "validation", files.files);
  if (!options.keep_going && !files.files.problems.empty()) {
    throw Error(files.files.problems.begin()->second.front());
  }
}

void check_part(const ShardPart& part) {
  if (part.count >= 1 && part.index >= 1 && part.index <= part.count) return;
  fail(ErrorCode::kUsage, "shard {}/{}: 1/N to N/N are wanted", part.index, part.count);
}

std::vector<Source> sources_of(const std::vector<Source>& sources, const ShardPart& part) {
  std::vector<Source> mine;
  for (size_t i = static_cast<size_t>(part.index - 1); i < sources.size();
       i += static_cast<size_t>(part.count)) {
    mine.push_back(sources[i]);
  }
  return mine;
}

RecordPlace record_place(const fs::path& documents, const std::string& sha256) {
  return {documents / (sha256 + ".json"), documents / (sha256 + ".parquet")};
}

void read_documents(const std::vector<Source>& sources, const CurateOptions& options,
                    const CurationTools& tools, const fs::path& documents) {
  IngestTools ingest;
  ingest.generators.on = options.generators;
  ingest.generators.sentences_per_page = options.sentences_per_page;
  // The second phase's; it needs the outlines of all documents.
  ingest.generators.on.erase(kCrossLingualGenerator);
  if (options.ocr && !tools.ocr) log_info("{}", ocr_missing_message());
  ingest.ocr = tools.ocr ? &*tools.ocr : nullptr;
  std::optional<EndpointGenerator> endpoint;
  if (options.endpoint) endpoint.emplace(*options.endpoint);
  ingest.endpoint = endpoint ? &*endpoint : nullptr;
  Reading(sources, options, ingest, documents).run();
  if (endpoint) log_info("{}", describe(endpoint->usage()));
}

CurateReport count_records(const std::vector<Source>& sources, const fs::path& documents) {
  CurateReport report;
  report.files = std::ssize(sources);
  for (const Source& source : sources) {
    DocumentRecord record = read_record(record_place(documents, source.sha256).record);
    report.headings += record.outline_entries;
    for (std::string& problem : record.problems) report.failed.push_back(std::move(problem));
    if (!record.kept) continue;
    ++report.documents;
    report.pages += std::ssize(record.document.pages);
  }
  return report;
}

CurateReport count_requests(const std::vector<fs::path>& paths, const CurateOptions& options,
                            const ShardPart& part) {
  const TemporaryDirectory scratch;
  const fs::path documents = scratch.path() / "documents";
  make_directories(scratch.path() / "sources");
  make_directories(documents);
  const CurationTools tools = find_tools(options);
  const Listing files = list_files(paths, scratch.path() / "sources", options, tools);
  check_files(files, options);
  const std::vector<Source> mine = sources_of(files.files.sources, part);
  read_documents(mine, options, tools, documents);
  return count_records(mine, documents);
}

}  // namespace recto
