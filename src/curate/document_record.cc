#include "curate/document_record.h"

#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr int kVersion = 3;
constexpr uint64_t kMaxBytes = uint64_t{1} << 30;

/// Takes the values of a JSON array one after another, with their types.
class Values {
 public:
  Values(const Json& array, size_t count, const std::string& where) : array_(array), where_(where) {
    if (array.is_array() && array.size() == count) return;
    fail(ErrorCode::kBadInput, "{}: a list of {} values is wanted, found {}", where, count,
         dump_json(array).substr(0, 80));
  }

  std::string text() { return take<std::string>(); }
  std::vector<std::string> texts() { return take<std::vector<std::string>>(); }
  int integer() { return take<int>(); }
  double number() { return take<double>(); }

 private:
  template <typename T>
  T take() {
    T value{};
    internal::json_read(array_[next_++], where_, value);
    return value;
  }

  const Json& array_;
  const std::string& where_;
  size_t next_ = 0;
};

Json page_json(const CuratedPage& page) {
  return {page.number,
          page.label,
          page.text_source,
          page.language,
          page.language_confidence,
          content_class_name(page.content_class),
          page.ink,
          page.characters,
          page.words,
          page.sections,
          hash_text(page.hash)};
}

CuratedPage read_page(const Json& json, const std::string& where) {
  Values values(json, 11, where);
  CuratedPage page;
  page.number = values.integer();
  page.label = values.text();
  page.text_source = values.text();
  page.language = values.text();
  page.language_confidence = values.number();
  page.content_class = parse_content_class(values.text());
  page.ink = values.number();
  page.characters = values.integer();
  page.words = values.integer();
  page.sections = values.texts();
  page.hash = parse_hash(values.text());
  return page;
}

Json candidate_json(const Candidate& candidate) {
  return {candidate.query,        candidate.kind,       candidate.method,  candidate.version,
          candidate.language,     candidate.page,       candidate.section, candidate.outline_entry,
          candidate.within.first, candidate.within.last};
}

Candidate read_candidate(const Json& json, const std::string& where) {
  Values values(json, 10, where);
  Candidate candidate;
  candidate.query = values.text();
  candidate.kind = values.text();
  candidate.method = values.text();
  candidate.version = values.text();
  candidate.language = values.text();
  candidate.page = values.integer();
  candidate.section = values.text();
  candidate.outline_entry = values.integer();
  candidate.within.first = values.integer();
  candidate.within.last = values.integer();
  return candidate;
}

AuditRow read_audit_row(const Json& json, const std::string& where) {
  Values values(json, 6, where);
  AuditRow row;
  row.item = values.text();
  row.stage = values.text();
  row.decision = values.text();
  row.reason = values.text();
  row.score = values.number();
  row.threshold = values.number();
  return row;
}

TranslatedHeading read_heading(const Json& json, const std::string& where) {
  Values values(json, 5, where);
  TranslatedHeading heading;
  heading.level = values.integer();
  heading.page = values.integer();
  heading.query = values.text();
  heading.folded = values.text();
  heading.outline_page = values.integer();
  return heading;
}

template <typename T, typename ToJson>
Json list_json(const std::vector<T>& items, ToJson to_json) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(to_json(item));
  return list;
}

template <typename T>
std::vector<T> read_list(const Json& json, const char* key, const std::string& where,
                         T (*read)(const Json&, const std::string&)) {
  const auto found = json.find(key);
  const std::string place = fmt::format("{}: {}", where, key);
  if (found == json.end() || !found->is_array()) {
    fail(ErrorCode::kBadInput, "{}: a list is wanted", place);
  }
  std::vector<T> out;
  out.reserve(found->size());
  for (const Json& item : *found) out.push_back(read(item, place));
  return out;
}

Json document_json(const CuratedDocument& document) {
  return {{"document_id", document.document_id},
          {"source_name", document.source_name},
          {"title", document.title},
          {"producer", document.producer},
          {"language", document.language},
          {"source", facts_json(document.source)},
          {"is_image", document.is_image},
          {"page_count", document.page_count}};
}

CuratedDocument read_document(const Json& json, const std::string& where) {
  CuratedDocument document;
  document.document_id = json_required<std::string>(json, "document_id", where);
  document.source_name = json_required<std::string>(json, "source_name", where);
  document.title = json_required<std::string>(json, "title", where);
  document.producer = json_required<std::string>(json, "producer", where);
  document.language = json_required<std::string>(json, "language", where);
  document.source = read_facts(json.value("source", Json::object()), where);
  document.is_image = json_required<bool>(json, "is_image", where);
  document.page_count = json_required<int>(json, "page_count", where);
  return document;
}

}  // namespace

Json facts_json(const SourceFacts& facts) {
  return {{"title", facts.title},
          {"licence", facts.licence},
          {"url", facts.url},
          {"language", facts.language}};
}

SourceFacts read_facts(const Json& json, const std::string& where) {
  SourceFacts facts;
  facts.title = json_required<std::string>(json, "title", where);
  facts.licence = json_required<std::string>(json, "licence", where);
  facts.url = json_required<std::string>(json, "url", where);
  facts.language = json_required<std::string>(json, "language", where);
  return facts;
}

void write_record(const fs::path& file, const DocumentRecord& record) {
  Json json = document_json(record.document);
  json["version"] = kVersion;
  json["kept"] = record.kept;
  json["problems"] = record.problems;
  json["outline_entries"] = record.outline_entries;
  json["headings"] = list_json(record.headings, [](const TranslatedHeading& heading) {
    return Json{heading.level, heading.page, heading.query, heading.folded, heading.outline_page};
  });
  json["pages"] = list_json(record.document.pages, page_json);
  json["candidates"] = list_json(record.candidates, candidate_json);
  json["audit"] = list_json(record.audit, [](const AuditRow& row) {
    return Json{row.item, row.stage, row.decision, row.reason, row.score, row.threshold};
  });
  write_file(file, dump_json(json));
}

DocumentRecord read_record(const fs::path& file) {
  const std::string where = file.string();
  const Json json = read_json(file, kMaxBytes);
  if (json_required<int>(json, "version", where) != kVersion) {
    fail(ErrorCode::kUnsupported, "{}: written by another version of recto; start the run anew",
         where);
  }
  DocumentRecord record;
  record.document = read_document(json, where);
  record.kept = json_required<bool>(json, "kept", where);
  record.problems = json_required<std::vector<std::string>>(json, "problems", where);
  record.outline_entries = json_required<int64_t>(json, "outline_entries", where);
  record.headings = read_list(json, "headings", where, read_heading);
  record.document.pages = read_list(json, "pages", where, read_page);
  record.candidates = read_list(json, "candidates", where, read_candidate);
  record.audit = read_list(json, "audit", where, read_audit_row);
  return record;
}

}  // namespace recto
