#include "curate/curate.h"

#include <fnmatch.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/threads.h"
#include "curate/audit.h"
#include "curate/dataset_text.h"
#include "curate/families.h"
#include "curate/ingest.h"
#include "curate/queries.h"
#include "curate/splits.h"
#include "data/dataset.h"
#include "data/parquet.h"
#include "data/tables.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr double kDefaultTestShare = 0.1;

void check_options(const CurateOptions& options) {
  const auto refuse = [](const std::string& problem) { fail(ErrorCode::kUsage, "{}", problem); };
  if (options.longest_edge < 16 || options.longest_edge > options.limits.image.max_side) {
    refuse(fmt::format("a longest edge of {} pixels: wanted are 16 to {}", options.longest_edge,
                       options.limits.image.max_side));
  }
  if (options.jpeg_quality < 1 || options.jpeg_quality > 100) {
    refuse(fmt::format("a JPEG quality of {}: wanted are 1 to 100", options.jpeg_quality));
  }
  if (options.threads < 1) refuse(fmt::format("{} threads: at least 1 is wanted", options.threads));
  if (options.generic_families < 2) refuse("generic_families must be at least 2");
  if (options.max_pages_per_query < 1) refuse("max_pages_per_query must be at least 1");
}

bool matches(const std::string& pattern, const fs::path& path) {
  const std::string names[] = {path.filename().string(), path.string(),
                               fs::absolute(path).lexically_normal().string()};
  return std::any_of(std::begin(names), std::end(names), [&](const std::string& name) {
    return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
}

bool matches_any(const std::vector<std::string>& patterns, const fs::path& path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches(pattern, path); });
}

/// A pattern that names nothing is a slip of the pen, and would leave the test empty unnoticed.
void check_patterns(const std::vector<std::string>& patterns, const std::vector<fs::path>& files) {
  for (const std::string& pattern : patterns) {
    const bool used = std::any_of(files.begin(), files.end(),
                                  [&](const fs::path& file) { return matches(pattern, file); });
    if (!used) {
      fail(ErrorCode::kUsage, "the pattern \"{}\" of test documents matches none of {} files",
           pattern, files.size());
    }
  }
}

/// One run: documents in, tables out.
class Curation {
 public:
  Curation(const fs::path& directory, const CurateOptions& options)
      : directory_(directory), scratch_(directory / "scratch"), options_(options) {}

  CurateReport run(const std::vector<fs::path>& paths) {
    std::vector<fs::path> files;
    sources_ = list_sources(paths, options_.threads, audit_, files, problems_);
    report_.files = std::ssize(files);
    check_patterns(options_.test_documents, files);
    stop_at_a_problem();
    ingest();
    split();
    make_queries();
    write();
    return std::move(report_);
  }

 private:
  void stop_at_a_problem() const {
    if (!options_.keep_going && !problems_.empty()) throw Error(problems_.begin()->second.front());
  }

  void report_problems() {
    for (const auto& [position, errors] : problems_) {
      for (const Error& error : errors) {
        log_warning("skipped: {}", error.what());
        report_.failed.emplace_back(error.what());
      }
    }
  }

  void ingest() {
    make_directories(scratch_);
    for (IngestedDocument& document : ingest_sources()) {
      audit_.append(std::move(document.audit));
      if (!document.problems.empty()) {
        problems_[document.source.position] = std::move(document.problems);
      }
      report_.headings += document.outline_entries;
      if (document.kept) documents_.push_back(std::move(document));
    }
    stop_at_a_problem();
    report_problems();
    if (documents_.empty()) {
      const std::string reason = audit_.rows().empty() ? "" : audit_.rows().front().reason;
      fail(ErrorCode::kBadInput, "none of {} files became a document{}{}", report_.files,
           reason.empty() ? "" : "; the first one: ", reason);
    }
  }

  std::vector<IngestedDocument> ingest_sources() {
    std::vector<IngestedDocument> ingested(sources_.size());
    // Files before the first bad one are read to the end, so that it does not depend on threads
    // which one is reported.
    std::atomic<size_t> first_bad{sources_.size()};
    Progress progress("documents", sources_.size());
    std::mutex mutex;
    uint64_t pages = 0;
    parallel_for(sources_.size(), options_.threads, [&](size_t i) {
      throw_if_interrupted();
      if (i > first_bad) return;
      ingested[i] = ingest_document(sources_[i], scratch_, options_, [&] {
        const std::lock_guard lock(mutex);
        progress.set_note(fmt::format("{} pages", ++pages));
      });
      progress.advance();
      if (options_.keep_going || ingested[i].problems.empty()) return;
      const std::lock_guard lock(mutex);
      first_bad = std::min(first_bad.load(), i);
    });
    return ingested;
  }

  void split() {
    std::vector<FamilyMember> members;
    members.reserve(documents_.size());
    for (const IngestedDocument& document : documents_) {
      members.push_back(
          {document.source.sha256, document.source.path, document.title, document.is_image});
    }
    families_ = find_families(members);
    std::set<std::string> pinned;
    for (size_t i = 0; i < documents_.size(); ++i) {
      if (matches_any(options_.test_documents, documents_[i].source.path)) {
        pinned.insert(families_[i]);
      }
    }
    const double test_share =
        options_.test_share.value_or(options_.test_documents.empty() ? kDefaultTestShare : 0);
    const auto by_family = assign_splits({families_.begin(), families_.end()}, pinned,
                                         {options_.validation_share, test_share, options_.seed});
    for (size_t i = 0; i < documents_.size(); ++i) {
      splits_.push_back(by_family.at(families_[i]));
      const std::string reason = fmt::format("{} of {}{}", splits_[i], families_[i],
                                             pinned.count(families_[i]) ? ", pinned" : "");
      audit_.keep(documents_[i].source.sha256, "split", reason);
    }
    check_families_apart(families_, splits_);
  }

  void make_queries() {
    std::vector<DocumentHeadings> headings;
    headings.reserve(documents_.size());
    for (size_t i = 0; i < documents_.size(); ++i) {
      headings.push_back({documents_[i].source.sha256, families_[i], splits_[i],
                          std::move(documents_[i].headings)});
    }
    queries_ = recto::make_queries(
        headings, {options_.generic_families, options_.max_pages_per_query}, audit_);
  }

  void write() {
    DatasetWriter writer(directory_);
    for (size_t i = 0; i < documents_.size(); ++i) write_document(writer, i);
    for (const SplitQuery& query : queries_) {
      writer.add(query.split, query.query);
      for (const std::string& page : query.page_ids) {
        writer.add(query.split, QrelRow{query.query.query_id, page, 1});
      }
    }
    for (const AuditRow& row : audit_.rows()) writer.add("audit", row);
    count();
    writer.finish(dataset_manifest(options_, report_), dataset_card_body(options_, report_, rows_));
    std::error_code ignored;
    fs::remove_all(scratch_, ignored);
  }

  void write_document(DatasetWriter& writer, size_t i) {
    const IngestedDocument& document = documents_[i];
    DocumentRow row;
    row.document_id = document.source.sha256;
    row.source_name = document.source.path.filename().string();
    row.title = document.title;
    row.producer = document.producer;
    row.pages = document.pages;
    row.family = families_[i];
    row.split = splits_[i];
    writer.add(splits_[i], row);
    rows_.push_back(row);
    {
      const ParquetFile file(document.pages_file);
      for (int group = 0; group < file.groups(); ++group) {
        throw_if_interrupted();
        for (Row& page : file.read(group, Table<PageRow>::columns())) {
          writer.add(splits_[i], Table<PageRow>::from_row(std::move(page)));
        }
      }
    }
    fs::remove(document.pages_file);
  }

  void count() {
    std::map<std::string, std::set<std::string>> families;
    for (size_t i = 0; i < documents_.size(); ++i) {
      SplitCounts& counts = report_.splits[splits_[i]];
      ++counts.documents;
      counts.pages += documents_[i].pages;
      report_.pages += documents_[i].pages;
      families[splits_[i]].insert(families_[i]);
    }
    for (const auto& [split, names] : families) report_.splits[split].families = std::ssize(names);
    for (const SplitQuery& query : queries_) ++report_.splits[query.split].queries;
    report_.documents = std::ssize(documents_);
    report_.queries = std::ssize(queries_);
    for (const AuditRow& row : audit_.rows()) {
      if (row.decision == "dropped") ++report_.dropped[row.stage + ": " + short_reason(row)];
    }
  }

  const fs::path directory_;
  const fs::path scratch_;
  const CurateOptions& options_;
  CurateReport report_;
  Audit audit_;
  FileProblems problems_;
  std::vector<SourceFile> sources_;
  std::vector<IngestedDocument> documents_;
  std::vector<std::string> families_;  ///< of documents_
  std::vector<std::string> splits_;    ///< of documents_
  std::vector<SplitQuery> queries_;
  std::vector<DocumentRow> rows_;
};

}  // namespace

CurateReport curate(const std::vector<fs::path>& paths, const fs::path& output,
                    const CurateOptions& options) {
  check_options(options);
  StagedDirectory staged(output);
  CurateReport report = Curation(staged.path(), options).run(paths);
  staged.commit();
  return report;
}

}  // namespace recto
