#include "curate/assemble.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "curate/audit.h"
#include "curate/dataset_text.h"
#include "curate/families.h"
#include "curate/queries.h"
#include "curate/splits.h"
#include "data/dataset.h"
#include "data/parquet.h"
#include "data/tables.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr double kDefaultTestShare = 0.1;

bool matches_any(const std::vector<std::string>& patterns, const SourcePlace& place) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches_glob(pattern, place); });
}

class Assembly {
 public:
  Assembly(const std::vector<PlacedDocument>& corpus, const Listing& files,
           const CurateOptions& options, const fs::path& scratch, const fs::path& output)
      : corpus_(corpus),
        files_(files),
        options_(options),
        scratch_(scratch),
        writer_(output),
        audit_([this](AuditRow&& row) { record(row); }) {}

  CurateReport run() {
    report_.files = std::ssize(files_.files.listed);
    for (const AuditRow& row : files_.audit) record(row);
    load();
    split();
    make_queries();
    write();
    return std::move(report_);
  }

 private:
  /// A document that is kept, and where its record was.
  struct Member {
    const PlacedDocument* place = nullptr;
    CuratedDocument document;
    std::vector<Candidate> candidates;
    std::string family;
    std::string split;
  };

  void record(const AuditRow& row) {
    if (row.decision == "dropped") ++report_.dropped[row.stage + ": " + short_reason(row)];
    writer_.add("audit", row);
  }

  void load() {
    std::map<size_t, std::vector<std::string>> problems;
    for (const auto& [position, errors] : files_.files.problems) {
      for (const Error& error : errors) problems[position].emplace_back(error.what());
    }
    for (const PlacedDocument& place : corpus_) {
      throw_if_interrupted();
      DocumentRecord record = read_record(place.place.record);
      for (AuditRow& row : record.audit) audit_.add(std::move(row));
      if (!record.problems.empty()) problems[place.source.position] = std::move(record.problems);
      report_.headings += std::ssize(record.document.outline);
      if (!record.kept) continue;
      record.document.source_name = place.source.name();  // the file may have got another name
      members_.push_back(
          {&place, std::move(record.document), std::move(record.candidates), {}, {}});
    }
    for (auto& [position, messages] : problems) {
      for (std::string& message : messages) {
        log_warning("skipped: {}", message);
        report_.failed.push_back(std::move(message));
      }
    }
    if (members_.empty()) {
      fail(ErrorCode::kBadInput, "none of {} files became a document{}{}", report_.files,
           report_.failed.empty() ? "" : "; the first one: ",
           report_.failed.empty() ? "" : report_.failed.front());
    }
  }

  void find_families() {
    std::vector<FamilyMember> members;
    members.reserve(members_.size());
    for (const Member& member : members_) {
      members.push_back(
          {member.document.document_id,
           (files_.directory / member.place->source.place.location).lexically_normal(),
           member.document.title, member.document.is_image});
    }
    const auto families = recto::find_families(members);
    for (size_t i = 0; i < members_.size(); ++i) members_[i].family = families[i];
  }

  void split() {
    find_families();
    std::set<std::string> families;
    std::set<std::string> pinned;
    for (const Member& member : members_) {
      families.insert(member.family);
      if (matches_any(options_.test_documents, member.place->source.place)) {
        pinned.insert(member.family);
      }
    }
    const double test_share =
        options_.test_share.value_or(options_.test_documents.empty() ? kDefaultTestShare : 0);
    const auto by_family =
        assign_splits(families, pinned, {options_.validation_share, test_share, options_.seed});
    for (Member& member : members_) {
      member.split = by_family.at(member.family);
      audit_.keep(member.document.document_id, "split",
                  fmt::format("{} of {}{}", member.split, member.family,
                              pinned.count(member.family) != 0 ? ", pinned" : ""));
    }
    check_families_apart(column(&Member::family), column(&Member::split));
  }

  std::vector<std::string> column(std::string Member::* field) const {
    std::vector<std::string> values;
    values.reserve(members_.size());
    for (const Member& member : members_) values.push_back(member.*field);
    return values;
  }

  void make_queries() {
    WordTokenizer tokenizer;
    std::vector<DocumentHeadings> headings;
    for (Member& member : members_) {
      DocumentHeadings of{member.document.document_id, member.family, member.split, {}};
      for (const Candidate& candidate : member.candidates) {
        of.headings.push_back(
            {candidate.query, FoldedText(tokenizer, candidate.query).joined(), candidate.page});
      }
      headings.push_back(std::move(of));
    }
    queries_ = recto::make_queries(
        headings, {options_.generic_families, options_.max_pages_per_query}, audit_);
  }

  void write() {
    for (const Member& member : members_) write_document(member);
    for (const SplitQuery& query : queries_) {
      writer_.add(query.split, query.query);
      for (const std::string& page : query.page_ids) {
        writer_.add(query.split, QrelRow{query.query.query_id, page, 1});
      }
    }
    count();
    writer_.finish(dataset_manifest(options_, report_),
                   dataset_card_body(options_, report_, rows_));
  }

  void write_document(const Member& member) {
    DocumentRow row;
    row.document_id = member.document.document_id;
    row.source_name = member.document.source_name;
    row.title = member.document.title;
    row.licence = member.document.source.licence;
    row.url = member.document.source.url;
    row.producer = member.document.producer;
    row.pages = static_cast<int>(member.document.pages.size());
    row.language = member.document.language;
    row.family = member.family;
    row.split = member.split;
    writer_.add(member.split, row);
    rows_.push_back(row);
    const ParquetFile file(member.place->place.pages);
    for (int group = 0; group < file.groups(); ++group) {
      throw_if_interrupted();
      for (Row& page : file.read(group, Table<PageRow>::columns())) {
        writer_.add(member.split, Table<PageRow>::from_row(std::move(page)));
      }
    }
  }

  void count() {
    std::map<std::string, std::set<std::string>> families;
    for (const Member& member : members_) {
      SplitCounts& counts = report_.splits[member.split];
      ++counts.documents;
      counts.pages += std::ssize(member.document.pages);
      report_.pages += std::ssize(member.document.pages);
      families[member.split].insert(member.family);
    }
    for (const auto& [split, names] : families) report_.splits[split].families = std::ssize(names);
    for (const SplitQuery& query : queries_) ++report_.splits[query.split].queries;
    report_.documents = std::ssize(members_);
    report_.queries = std::ssize(queries_);
  }

  const std::vector<PlacedDocument>& corpus_;
  const Listing& files_;
  const CurateOptions& options_;
  const fs::path scratch_;
  DatasetWriter writer_;
  CurateReport report_;
  Audit audit_;
  std::vector<Member> members_;
  std::vector<SplitQuery> queries_;
  std::vector<DocumentRow> rows_;
};

}  // namespace

CurateReport assemble(const std::vector<PlacedDocument>& documents, const Listing& files,
                      const CurateOptions& options, const fs::path& scratch,
                      const fs::path& output) {
  return Assembly(documents, files, options, scratch, output).run();
}

}  // namespace recto
