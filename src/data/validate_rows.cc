#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/utf8.h"
#include "data/dataset_checks.h"
#include "data/group_names.h"
#include "data/page_id.h"
#include "data/query_text.h"
#include "data/table_scan.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

using Splits = std::set<std::string>;

struct DocumentFacts {
  std::string split;
  std::string family;
  int64_t pages = 0;  ///< as the row says
  int64_t found = 0;  ///< in the table pages
};

struct PageFacts {
  std::string split;
  std::string near_group;
};

struct QueryFacts {
  std::string split;
  int64_t answers = 0;
  std::unordered_set<std::string> relevant;
};

struct NearGroup {
  Splits splits;
  std::set<std::string> families;
  bool all_blank = true;
};

bool is_hash(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

class RowChecks {
 public:
  explicit RowChecks(fs::path directory) : directory_(std::move(directory)) {}

  std::vector<DatasetCheck> run() {
    const std::vector<std::string> splits = dataset_splits(directory_);
    for (const std::string& split : splits) {
      scan_guarded(readable_, [&] { read_documents(split); });
      scan_guarded(readable_, [&] { read_pages(split); });
      scan_guarded(readable_, [&] { read_queries(split); });
    }
    for (const std::string& split : splits) {
      scan_guarded(readable_, [&] { read_qrels(split); });
    }
    for (const std::string& split : splits) {
      scan_guarded(readable_, [&] { read_negatives(split); });
    }
    for (const std::string& split : list_splits(directory_ / Table<AuditRow>::kName)) {
      scan_guarded(readable_, [&] { read_audit(split); });
    }
    check_counts();
    check_families();
    check_near_groups();
    return results();
  }

 private:
  void read_documents(const std::string& split) {
    scan_table<DocumentRow>(directory_, split, [&](DocumentRow&& row) {
      document_ids_.expect(is_hash(row.document_id), "document_id \"{}\" in {} is no SHA-256",
                           row.document_id, split);
      const bool fresh =
          documents_.try_emplace(row.document_id, DocumentFacts{split, row.family, row.pages, 0})
              .second;
      document_ids_.expect(fresh, "document {} is there twice", row.document_id);
      document_splits_.expect(row.split == split, "document {} says split \"{}\" and is in {}",
                              row.document_id, row.split, split);
      families_.expect(!row.family.empty(), "document {} has no family", row.document_id);
      family_splits_[row.family].insert(split);
      check_text({&row.source_name, &row.title, &row.licence, &row.url, &row.producer,
                  &row.language, &row.family},
                 "document " + row.document_id);
    });
  }

  void read_pages(const std::string& split) {
    scan_pages(directory_, split, [&](PageRow&& row) {
      page_ids_.expect(
          row.page_number >= 1 && row.page_id == make_page_id(row.document_id, row.page_number),
          "page_id \"{}\" is not document_id \"{}\" - page_number {}", row.page_id, row.document_id,
          row.page_number);
      const bool fresh = pages_.try_emplace(row.page_id, PageFacts{split, row.near_group}).second;
      page_ids_.expect(fresh, "page {} is there twice", row.page_id);
      const auto document = documents_.find(row.document_id);
      const bool known = document != documents_.end() && document->second.split == split;
      references_.expect(known, "page {} in {}: its document is not in that split", row.page_id,
                         split);
      if (known) {
        ++document->second.found;
        note_near_group(row, split, document->second.family);
      }
      check_page_values(row);
    });
  }

  void note_near_group(const PageRow& row, const std::string& split, const std::string& family) {
    if (row.near_group.empty()) return;
    NearGroup& group = near_groups_[row.near_group];
    group.splits.insert(split);
    group.families.insert(family);
    group.all_blank = group.all_blank && row.content_class == "blank";
  }

  void check_page_values(const PageRow& row) {
    page_values_.expect(row.width > 0 && row.height > 0, "page {} is {} x {} pixels", row.page_id,
                        row.width, row.height);
    page_values_.expect(row.perceptual_hash.empty() || is_hash(row.perceptual_hash),
                        "page {}: perceptual_hash \"{}\" is not of 64 hexadecimal digits",
                        row.page_id, row.perceptual_hash);
    page_values_.expect(row.language_confidence >= 0 && row.language_confidence <= 1,
                        "page {}: language_confidence is {}", row.page_id, row.language_confidence);
    page_values_.expect(row.word_boxes.size() == 4 * row.words.size(),
                        "page {} has {} words and {} numbers of boxes, not 4 each", row.page_id,
                        row.words.size(), row.word_boxes.size());
    const bool finite = std::all_of(row.word_boxes.begin(), row.word_boxes.end(),
                                    [](float value) { return std::isfinite(value); });
    page_values_.expect(finite, "page {} has a word box that is not finite", row.page_id);
    check_text({&row.text, &row.text_source, &row.language, &row.content_class, &row.near_group},
               "page " + row.page_id);
    for (const std::string& word : row.words) check_text({&word}, "page " + row.page_id);
  }

  void read_queries(const std::string& split) {
    scan_table<QueryRow>(directory_, split, [&](QueryRow&& row) {
      query_ids_.expect(!row.query_id.empty(), "a query in {} has no id", split);
      const bool fresh = queries_.try_emplace(row.query_id, QueryFacts{split, 0, {}}).second;
      query_ids_.expect(fresh, "query {} is there twice", row.query_id);
      const std::string text = plain_query(row.query);
      query_ids_.expect(!text.empty(), "query {} has no text", row.query_id);
      const auto& known = query_texts_.try_emplace(text, split).first->second;
      query_splits_.expect(known == split, "query {} \"{}\" is in {} and in {}", row.query_id,
                           replace_invalid_utf8(row.query), known, split);
      check_text({&row.query_id, &row.query, &row.language, &row.kind, &row.method,
                  &row.generator_version},
                 "query " + row.query_id);
    });
  }

  /// The query of a row; nullptr when it or the page is not in `split`.
  QueryFacts* check_reference(const std::string& query_id, const std::string& page_id,
                              const std::string& split, const char* table) {
    const auto query = queries_.find(query_id);
    const bool has_query = query != queries_.end() && query->second.split == split;
    references_.expect(has_query, "{} in {}: query {} is not in that split", table, split,
                       query_id);
    const auto page = pages_.find(page_id);
    const bool has_page = page != pages_.end() && page->second.split == split;
    references_.expect(has_page, "{} in {}: page {} is not in that split", table, split, page_id);
    return has_query && has_page ? &query->second : nullptr;
  }

  void read_qrels(const std::string& split) {
    scan_table<QrelRow>(directory_, split, [&](QrelRow&& row) {
      QueryFacts* query = check_reference(row.query_id, row.page_id, split, "qrels");
      if (query == nullptr || row.score <= 0) return;
      ++query->answers;
      pairs_.expect(query->relevant.insert(row.page_id).second,
                    "qrels: query {} and page {} are there twice", row.query_id, row.page_id);
    });
  }

  void read_negatives(const std::string& split) {
    std::unordered_set<std::string> seen;
    scan_table<NegativeRow>(directory_, split, [&](NegativeRow&& row) {
      const QueryFacts* query = check_reference(row.query_id, row.page_id, split, "negatives");
      pairs_.expect(seen.insert(row.query_id + "\n" + row.page_id).second,
                    "negatives: query {} and page {} are there twice", row.query_id, row.page_id);
      if (query == nullptr) return;
      const std::string& group = pages_.at(row.page_id).near_group;
      const bool near_answer =
          !group.empty() &&
          std::any_of(query->relevant.begin(), query->relevant.end(),
                      [&](const std::string& id) { return pages_.at(id).near_group == group; });
      negatives_.expect(query->relevant.count(row.page_id) == 0 && !near_answer,
                        "page {} is a negative of query {} and {}", row.page_id, row.query_id,
                        near_answer ? "a near-duplicate of its answer" : "answers it");
    });
  }

  void read_audit(const std::string& split) {
    scan_table<AuditRow>(directory_, split, [&](AuditRow&& row) {
      audit_.expect(row.decision == "kept" || row.decision == "dropped",
                    "audit: item {} is \"{}\", neither kept nor dropped", row.item, row.decision);
      check_text({&row.item, &row.stage, &row.reason}, "audit item " + row.item);
    });
  }

  void check_text(std::initializer_list<const std::string*> texts, const std::string& where) {
    bool valid = true;
    for (const std::string* text : texts) valid = valid && is_valid_utf8(*text);
    utf8_.expect(valid, "{} has text that is not UTF-8", replace_invalid_utf8(where));
  }

  void check_counts() {
    std::map<std::string, const DocumentFacts*> sorted;
    for (const auto& [id, facts] : documents_) sorted[id] = &facts;
    for (const auto& [id, facts] : sorted) {
      document_pages_.expect(facts->pages == facts->found && facts->found > 0,
                             "document {} says {} pages, the table has {}", id, facts->pages,
                             facts->found);
    }
    std::map<std::string, const QueryFacts*> queries;
    for (const auto& [id, facts] : queries_) queries[id] = &facts;
    for (const auto& [id, facts] : queries) {
      answers_.expect(facts->answers > 0, "query {} in {} has no answer", id, facts->split);
    }
  }

  static std::string joined(const Splits& splits) {
    std::string out;
    for (const std::string& split : splits) out += (out.empty() ? "" : " and ") + split;
    return out;
  }

  void check_families() {
    for (const auto& [family, splits] : family_splits_) {
      families_.expect(splits.size() == 1, "family {} is in {}", family, joined(splits));
    }
  }

  void check_near_groups() {
    int64_t boilerplate = 0;
    for (const auto& [name, group] : near_groups_) {
      const bool exempt =
          group.all_blank || name == kBlankGroup || group.families.size() >= kBoilerplateFamilies;
      if (exempt && group.splits.size() > 1) ++boilerplate;
      near_groups_check_.expect(exempt || group.splits.size() == 1, "near group {} is in {}", name,
                                joined(group.splits));
    }
    if (boilerplate > 0) {
      near_groups_check_.note =
          fmt::format("{} groups of blank pages or of {} families and more are in several splits",
                      boilerplate, kBoilerplateFamilies);
    }
  }

  std::vector<DatasetCheck> results() {
    return {std::move(readable_),       std::move(document_ids_),
            std::move(page_ids_),       std::move(query_ids_),
            std::move(references_),     std::move(pairs_),
            std::move(answers_),        std::move(negatives_),
            std::move(document_pages_), std::move(document_splits_),
            std::move(page_values_),    std::move(utf8_),
            std::move(families_),       std::move(near_groups_check_),
            std::move(query_splits_),   std::move(audit_)};
  }

  fs::path directory_;
  std::unordered_map<std::string, DocumentFacts> documents_;
  std::unordered_map<std::string, PageFacts> pages_;
  std::unordered_map<std::string, QueryFacts> queries_;
  std::unordered_map<std::string, std::string> query_texts_;  ///< to the first split
  std::map<std::string, Splits> family_splits_;
  std::map<std::string, NearGroup> near_groups_;

  DatasetCheck readable_{"tables_readable", "every table can be read to its end"};
  DatasetCheck document_ids_{"document_ids", "document ids are SHA-256 hashes, each there once"};
  DatasetCheck page_ids_{"page_ids", "page ids are document_id-page_number, each there once"};
  DatasetCheck query_ids_{"query_ids", "queries have a text and an id, each there once"};
  DatasetCheck references_{"references", "qrels, negatives and pages lead to rows of their split"};
  DatasetCheck pairs_{"pairs", "no query and page stand twice in qrels or negatives"};
  DatasetCheck answers_{"answers", "every query has a page that answers it"};
  DatasetCheck negatives_{"negatives", "no negative is an answer or a near-duplicate of one"};
  DatasetCheck document_pages_{"document_pages", "documents have as many pages as they say"};
  DatasetCheck document_splits_{"document_splits", "documents name the split they are in"};
  DatasetCheck page_values_{"page_values", "sizes, hashes, boxes and shares are in their range"};
  DatasetCheck utf8_{"utf8", "all text is valid UTF-8"};
  DatasetCheck families_{"families", "every family is wholly in one split"};
  DatasetCheck near_groups_check_{"near_groups", "no group of near-duplicates is in two splits"};
  DatasetCheck query_splits_{"query_splits", "no query's text is in two splits"};
  DatasetCheck audit_{"audit", "the audit says kept or dropped of every item"};
};

}  // namespace

std::vector<DatasetCheck> check_rows(const fs::path& directory) {
  return RowChecks(directory).run();
}

std::vector<std::string> dataset_splits(const fs::path& directory) {
  std::set<std::string> splits;
  for (const std::string& table : table_names()) {
    if (table == Table<AuditRow>::kName) continue;
    const auto found = list_splits(directory / table);
    splits.insert(found.begin(), found.end());
  }
  return {splits.begin(), splits.end()};
}

}  // namespace recto
