#include "data/forget_plan.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/language_tag.h"
#include "data/group_names.h"
#include "data/query_text.h"
#include "data/shards.h"
#include "data/table_scan.h"

namespace recto {

namespace {

constexpr size_t kMinDigits = 8;
constexpr const char* kFileStage = "file";
constexpr const char* kDropped = "dropped";
constexpr const char* kForgotten = "(forgotten)";

bool is_hex(const std::string& text) {
  return text.size() >= kMinDigits && text.size() <= 64 &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool is_name_part(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Documents whose id begins with `digits`.
std::vector<const DocumentRow*> by_digits(const std::vector<DocumentRow>& all,
                                          const std::string& digits) {
  std::vector<const DocumentRow*> found;
  for (const DocumentRow& row : all) {
    if (row.document_id.starts_with(digits)) found.push_back(&row);
  }
  if (found.size() > 1) {
    fail(ErrorCode::kUsage, "\"{}\" begins the ids of {} documents, such as {} and {}; give more",
         digits, found.size(), found[0]->document_id, found[1]->document_id);
  }
  return found;
}

std::vector<const DocumentRow*> by_name(const std::vector<DocumentRow>& all,
                                        const std::string& pattern) {
  std::vector<const DocumentRow*> found;
  for (const DocumentRow& row : all) {
    const bool same =
        row.source_name == pattern || ::fnmatch(pattern.c_str(), row.source_name.c_str(), 0) == 0;
    if (same) found.push_back(&row);
  }
  return found;
}

std::vector<DocumentRow> all_documents(const Dataset& dataset) {
  std::vector<DocumentRow> all;
  for (const std::string& split : dataset.splits()) {
    for (DocumentRow& row : dataset.documents(split)) all.push_back(std::move(row));
  }
  return all;
}

/// Names of files: those that go, and those that others are known by.
struct FileNames {
  std::set<std::string> gone, left;
};

/// "ARCHIVE/MEMBER" to "ARCHIVE"; "" for a file of its own.
std::string archive_of(const std::string& name) {
  const size_t slash = name.find('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

/// Those of documents, of copies (which the audit names beside the document they are copies of),
/// and of archives.
FileNames file_names(const Dataset& dataset, const std::vector<DocumentRow>& all,
                     const HashSearch& hashes, const ForgetPlan& plan) {
  FileNames names;
  for (const DocumentRow& row : all) {
    (plan.is_forgotten(row.document_id) ? names.gone : names.left).insert(row.source_name);
  }
  std::set<std::string> archives;
  for (const std::string& split : list_splits(dataset.path() / Table<AuditRow>::kName)) {
    scan_table<AuditRow>(dataset.path(), split, [&](AuditRow&& row) {
      if (row.stage != kFileStage || row.decision != kDropped) return;
      if (hashes.contains(row.reason)) {
        names.gone.insert(row.item);
      } else {
        archives.insert(archive_of(row.item));
      }
    });
  }
  for (const std::string& name : names.left) archives.insert(archive_of(name));
  std::set<std::string> emptied;
  for (const std::string& name : names.gone) emptied.insert(archive_of(name));
  for (const std::string& archive : emptied) {
    if (archives.count(archive) == 0) names.gone.insert(archive);
  }
  names.gone.erase("");
  names.left.erase("");
  return names;
}

void plan_names(const FileNames& names, ForgetPlan& plan) {
  for (const std::string& name : names.gone) {
    const bool shared = std::any_of(
        names.left.begin(), names.left.end(),
        [&](const std::string& other) { return other.find(name) != std::string::npos; });
    (shared ? plan.shared_names : plan.names).push_back(name);
  }
}

bool names_one_of(const std::string& pattern, const std::set<std::string>& names) {
  const std::string file = pattern.substr(pattern.rfind('/') + 1);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    const std::string own = name.substr(name.rfind('/') + 1);
    return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0 ||
           ::fnmatch(file.c_str(), own.c_str(), 0) == 0;
  });
}

void plan_patterns(const Json& manifest, const FileNames& names, ForgetPlan& plan) {
  const Json settings = manifest.value("settings", Json::object());
  for (const char* key : {"test_documents", "validation_documents"}) {
    for (const Json& item : settings.value(key, Json::array())) {
      if (!item.is_string()) continue;
      const auto& pattern = item.get_ref<const std::string&>();
      if (names_one_of(pattern, names.gone) && !names_one_of(pattern, names.left)) {
        plan.patterns.insert(pattern);
      }
    }
  }
}

void plan_families(const std::vector<DocumentRow>& all, const HashSearch& hashes,
                   ForgetPlan& plan) {
  std::map<std::string, std::string> smallest;
  for (const DocumentRow& row : all) {
    if (plan.is_forgotten(row.document_id) || !hashes.contains(row.family)) continue;
    std::string& id = smallest[row.family];
    if (id.empty() || row.document_id < id) id = row.document_id;
  }
  for (const auto& [family, id] : smallest) plan.families[family] = family_name(id);
}

void plan_near_groups(const Dataset& dataset, ForgetPlan& plan) {
  struct Group {
    bool touched = false;
    int64_t left = 0;
    std::string smallest;
  };
  std::map<std::string, Group> groups;
  for (const std::string& split : dataset.splits()) {
    const std::vector<Column> columns = {{"page_id", ColumnType::kString},
                                         {"near_group", ColumnType::kString}};
    for (const auto& file : list_shards(dataset.path() / Table<PageRow>::kName, split)) {
      for_each_batch(file, columns, kRowBatch, [&](std::vector<Row>&& rows) {
        for (Row& row : rows) {
          const auto* id = std::get_if<std::string>(&row[0]);
          const auto* name = std::get_if<std::string>(&row[1]);
          if (id == nullptr || name == nullptr || name->empty()) continue;
          Group& group = groups[*name];
          if (plan.is_forgotten_page(*id)) {
            group.touched = true;
            continue;
          }
          ++group.left;
          if (group.smallest.empty() || *id < group.smallest) group.smallest = *id;
        }
      });
    }
  }
  for (const auto& [name, group] : groups) {
    // Other groups are not of duplicates.
    if (!group.touched || group.left == 0 || !is_near_group_name(name)) continue;
    plan.near_groups[name] = group.left == 1 ? "" : near_group_name(group.smallest);
  }
}

/// A family and a language of it that go as a whole.
using FamilyLanguage = std::pair<std::string, std::string>;

std::set<FamilyLanguage> languages_that_go(const std::vector<DocumentRow>& all,
                                           const ForgetPlan& plan) {
  std::set<FamilyLanguage> gone;
  for (const DocumentRow& row : plan.documents)
    gone.emplace(row.family, primary_language(row.language));
  for (const DocumentRow& row : all) {
    if (!plan.is_forgotten(row.document_id))
      gone.erase({row.family, primary_language(row.language)});
  }
  return gone;
}

/// Queries with the words of a forgotten document for pages of its translations, which stay: those
/// that cross from a language which no other document of the family has.
void plan_crossing_queries(const Dataset& dataset, const std::vector<DocumentRow>& all,
                           ForgetPlan& plan) {
  const std::set<FamilyLanguage> gone = languages_that_go(all, plan);
  if (gone.empty()) return;
  std::unordered_map<std::string, std::string> families;  // by document
  for (const DocumentRow& row : all) families[row.document_id] = row.family;
  for (const std::string& split : dataset.splits()) {
    std::unordered_map<std::string, std::string> crossing;  // language by query
    scan_table<QueryRow>(dataset.path(), split, [&](QueryRow&& row) {
      if (row.kind == kCrossLingualKind) crossing[row.query_id] = primary_language(row.language);
    });
    scan_table<QrelRow>(dataset.path(), split, [&](QrelRow&& row) {
      const auto query = crossing.find(row.query_id);
      const auto family = families.find(row.page_id.substr(0, row.page_id.rfind('-')));
      if (query == crossing.end() || family == families.end()) return;
      if (gone.count({family->second, query->second}) != 0) plan.queries.insert(row.query_id);
    });
  }
}

void plan_queries(const Dataset& dataset, ForgetPlan& plan) {
  struct Answers {
    bool forgotten = false, left = false;
  };
  std::unordered_map<std::string, Answers> queries;
  for (const std::string& split : dataset.splits()) {
    scan_table<QrelRow>(dataset.path(), split, [&](QrelRow&& row) {
      if (row.score <= 0) return;
      Answers& answers = queries[row.query_id];
      (plan.is_forgotten_page(row.page_id) ? answers.forgotten : answers.left) = true;
    });
  }
  for (const auto& [query, answers] : queries) {
    if (!answers.forgotten || plan.queries.count(query) != 0) continue;
    if (answers.left) {
      ++plan.queries_kept;
    } else {
      plan.queries.insert(query);
    }
  }
}

}  // namespace

std::vector<DocumentRow> select_documents(const Dataset& dataset,
                                          const std::vector<std::string>& selectors) {
  const std::vector<DocumentRow> all = all_documents(dataset);
  std::map<std::string, DocumentRow> chosen;
  for (const std::string& selector : selectors) {
    auto found = is_hex(selector) ? by_digits(all, selector) : std::vector<const DocumentRow*>();
    if (found.empty()) found = by_name(all, selector);
    if (found.empty()) {
      fail(ErrorCode::kNotFound,
           "{} has no document \"{}\": a document id, its first {} digits or more, or a pattern of "
           "file names is wanted",
           dataset.path().string(), selector, kMinDigits);
    }
    for (const DocumentRow* row : found) chosen.emplace(row->document_id, *row);
  }
  if (chosen.size() == all.size()) {
    fail(ErrorCode::kUsage, "these are all {} documents of {}; remove the directory instead",
         all.size(), dataset.path().string());
  }
  std::vector<DocumentRow> documents;
  documents.reserve(chosen.size());
  for (auto& [id, row] : chosen) documents.push_back(std::move(row));
  return documents;
}

ForgottenMarks::ForgottenMarks(const std::vector<std::string>& ids, std::vector<std::string> names)
    : hashes_(ids), names_(std::move(names)) {}

size_t ForgottenMarks::find_name(std::string_view text, const std::string& name, size_t from) {
  for (size_t at = text.find(name, from); at != std::string_view::npos;
       at = text.find(name, at + 1)) {
    const size_t end = at + name.size();
    const bool begins = at == 0 || !is_name_part(text[at - 1]);
    if (begins && (end == text.size() || !is_name_part(text[end]))) return at;
  }
  return std::string_view::npos;
}

bool ForgottenMarks::has_name(std::string_view text) const {
  return std::any_of(names_.begin(), names_.end(), [&](const std::string& name) {
    return find_name(text, name, 0) != std::string_view::npos;
  });
}

std::string ForgottenMarks::without(const std::string& text) const {
  std::string out = hashes_.replaced(text, kForgotten);
  for (const std::string& name : names_) {
    for (size_t at = find_name(out, name, 0); at != std::string::npos;
         at = find_name(out, name, at)) {
      out.replace(at, name.size(), kForgotten);
      at += std::string_view(kForgotten).size();
    }
  }
  return out;
}

bool ForgetPlan::is_forgotten_page(const std::string& page_id) const {
  return is_forgotten(page_id.substr(0, page_id.rfind('-')));
}

ForgetPlan plan_forgetting(const Dataset& dataset, std::vector<DocumentRow> documents) {
  ForgetPlan plan;
  plan.documents = std::move(documents);
  std::vector<std::string> ids;
  ids.reserve(plan.documents.size());
  for (const DocumentRow& row : plan.documents) ids.push_back(row.document_id);
  plan.ids.insert(ids.begin(), ids.end());
  const std::vector<DocumentRow> all = all_documents(dataset);
  const HashSearch hashes(ids);
  const FileNames names = file_names(dataset, all, hashes, plan);
  plan_names(names, plan);
  plan_patterns(dataset.manifest(), names, plan);
  plan_families(all, hashes, plan);
  plan_near_groups(dataset, plan);
  plan_crossing_queries(dataset, all, plan);
  plan_queries(dataset, plan);
  return plan;
}

}  // namespace recto
