#include "data/dataset_forget.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "base/file.h"
#include "base/sha256.h"
#include "data/dataset.h"
#include "data/dataset_change.h"
#include "data/dataset_id.h"
#include "data/dataset_rewrite.h"
#include "data/other_files.h"
#include "data/tables.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

/// A copy of `value` without the members and items that speak of forgotten documents; their places
/// go into `removed`.
Json scrubbed(const Json& value, const ForgottenMarks& marks, const std::set<std::string>& patterns,
              const std::string& place, std::vector<std::string>& removed) {
  const auto speaks = [&](const Json& item) {
    if (!item.is_string()) return false;
    const auto& text = item.get_ref<const std::string&>();
    return marks.in(text) || patterns.count(text) != 0;
  };
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& item : value) {
      if (speaks(item)) {
        removed.push_back(place);
      } else {
        out.push_back(scrubbed(item, marks, patterns, place, removed));
      }
    }
    return out;
  }
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [key, item] : value.items()) {
    const std::string inner = place.empty() ? key : fmt::format("{}.{}", place, key);
    if (marks.in(key) || speaks(item)) {
      removed.push_back(marks.in(key) ? place : inner);
    } else {
      out[key] = scrubbed(item, marks, patterns, inner, removed);
    }
  }
  return out;
}

/// `body` without the lines that speak of forgotten documents.
std::string without_lines(const std::string& body, const ForgottenMarks& marks) {
  std::string out;
  std::istringstream lines(body);
  for (std::string line; std::getline(lines, line);) {
    if (!marks.in(line)) out += line + "\n";
  }
  return out;
}

class Forgetting {
 public:
  Forgetting(const Dataset& dataset, ForgetPlan plan)
      : dataset_(dataset),
        plan_(std::move(plan)),
        marks_({plan_.ids.begin(), plan_.ids.end()}, plan_.names) {
    for (const DocumentRow& row : plan_.documents) {
      report_.document_ids.push_back(row.document_id);
      report_.source_names.push_back(row.source_name);
    }
    report_.queries_kept = plan_.queries_kept;
    report_.shared_names = plan_.shared_names;
  }

  ForgetReport write(const fs::path& to) {
    DatasetWriter writer(to);
    rewrite_tables(dataset_.path(), rules(), writer);
    const std::string line = fmt::format(
        "{} documents were removed with their {} pages and {} queries (`recto dataset forget`). "
        "Counts above are from before.",
        plan_.documents.size(), report_.rows["pages"], report_.rows["queries"]);
    writer.finish(manifest(),
                  with_change(without_lines(card_body_of(dataset_.path()), marks_), line));
    report_.files_removed = copy_other_files(
        dataset_.path(), to,
        [&](const std::string& name, const fs::path& path) { return may_stay(name, path); });
    report_.proof = prove_forgotten(to, plan_, images_);
    if (!report_.proof.holds()) {
      fail(ErrorCode::kInternal, "the documents are still found in {}; nothing was changed",
           report_.proof.where.front());
    }
    return std::move(report_);
  }

 private:
  bool drop(const char* table) {
    ++report_.rows[table];
    return false;
  }

  bool keep_audit(AuditRow& row) {
    const bool query = plan_.queries.count(row.item) != 0;
    const bool copy = row.stage == "file" && marks_.has_hash(row.reason);
    if (query || copy || marks_.in(row.item)) return drop(Table<AuditRow>::kName);
    if (marks_.in(row.reason)) {
      row.reason = marks_.without(row.reason);
      ++report_.audit_changed;
    }
    return true;
  }

  RewriteRules rules() {
    RewriteRules rules;
    rules.document = [this](const std::string&, DocumentRow& row) {
      if (plan_.is_forgotten(row.document_id)) return drop(Table<DocumentRow>::kName);
      if (const auto renamed = plan_.families.find(row.family); renamed != plan_.families.end()) {
        row.family = renamed->second;
      }
      return true;
    };
    rules.page = [this](const std::string&, PageRow& row) {
      if (plan_.is_forgotten(row.document_id) || plan_.is_forgotten_page(row.page_id)) {
        images_.insert(sha256_hex(row.image));
        return drop(Table<PageRow>::kName);
      }
      const auto renamed = plan_.near_groups.find(row.near_group);
      if (renamed != plan_.near_groups.end()) row.near_group = renamed->second;
      return true;
    };
    rules.query = [this](const std::string&, QueryRow& row) {
      return plan_.queries.count(row.query_id) == 0 || drop(Table<QueryRow>::kName);
    };
    rules.qrel = [this](const std::string&, QrelRow& row) {
      return !goes(row.query_id, row.page_id) || drop(Table<QrelRow>::kName);
    };
    rules.negative = [this](const std::string&, NegativeRow& row) {
      return !goes(row.query_id, row.page_id) || drop(Table<NegativeRow>::kName);
    };
    rules.audit = [this](const std::string&, AuditRow& row) { return keep_audit(row); };
    return rules;
  }

  bool goes(const std::string& query_id, const std::string& page_id) const {
    return plan_.queries.count(query_id) != 0 || plan_.is_forgotten_page(page_id);
  }

  Json manifest() {
    Json manifest =
        scrubbed(dataset_.manifest(), marks_, plan_.patterns, "", report_.manifest_removed);
    manifest["forgotten"].push_back({{"dataset", dataset_id(dataset_.manifest())},
                                     {"documents", plan_.documents.size()},
                                     {"rows", report_.rows}});
    return manifest;
  }

  /// report.html shows pages in pictures that no search of text finds.
  bool may_stay(const std::string& name, const fs::path& path) const {
    if (name == "report.html" || marks_.in(name)) return false;
    const MappedFile file(path);
    const std::string hash = sha256_hex(file.bytes());
    return !marks_.in(as_text(file.bytes())) && images_.count(hash) == 0 &&
           !plan_.is_forgotten(hash);
  }

  const Dataset& dataset_;
  ForgetPlan plan_;
  ForgottenMarks marks_;
  std::set<std::string> images_;  ///< SHA-256 of the images of forgotten pages
  ForgetReport report_;
};

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return out;
}

std::string describe_proof(const ForgetProof& proof, const ForgetReport& report) {
  std::string out = fmt::format(
      "searched {} files ({} bytes), {} texts and {} images of the tables:\n"
      "  {:>3} document and page ids, or their first 16 digits\n"
      "  {:>3} images of its pages\n"
      "  {:>3} file names\n",
      proof.files, proof.bytes, proof.cells, proof.images, proof.hashes_found, proof.images_found,
      proof.names_found);
  if (!report.shared_names.empty()) {
    out += fmt::format("  not searched, since other documents are named so too: {}\n",
                       joined(report.shared_names));
  }
  if (!proof.same_images.empty()) {
    out += fmt::format(
        "  {} pages of other documents have the very same image as one that was removed, such as "
        "{}; forget those documents too if they must not stay\n",
        proof.same_images.size(), proof.same_images.front());
  }
  return out;
}

}  // namespace

ForgetReport forget_documents(const fs::path& directory, const ForgetOptions& options) {
  read_manifest_of(directory);
  const Dataset dataset = Dataset::open(directory);
  // First: a process that was killed may have left a document that the dataset has no more.
  DatasetChange change(directory, options.output);
  auto documents = select_documents(dataset, options.documents);
  Forgetting forgetting(dataset, plan_forgetting(dataset, std::move(documents)));
  ForgetReport report = forgetting.write(change.path());
  for (const fs::path& left : change.removed()) report.leftovers.push_back(left.string());
  change.commit();
  return report;
}

Json report_json(const ForgetReport& report) {
  return {{"documents", report.document_ids},
          {"source_names", report.source_names},
          {"rows_removed", report.rows},
          {"audit_rows_changed", report.audit_changed},
          {"queries_kept", report.queries_kept},
          {"files_removed", report.files_removed},
          {"leftovers_removed", report.leftovers},
          {"manifest_entries_removed", report.manifest_removed},
          {"shared_names", report.shared_names},
          {"proof", proof_json(report.proof)}};
}

std::string describe(const ForgetReport& report) {
  std::string out;
  for (size_t i = 0; i < report.document_ids.size(); ++i) {
    out += fmt::format("forgotten: {} {}\n", report.document_ids[i], report.source_names[i]);
  }
  for (const auto& [table, rows] : report.rows) out += fmt::format("  {:>6} {}\n", rows, table);
  if (report.audit_changed > 0) {
    out += fmt::format("  {:>6} audit rows about others no longer name it\n", report.audit_changed);
  }
  if (report.queries_kept > 0) {
    out += fmt::format("  {} queries stay: pages of other documents answer them too\n",
                       report.queries_kept);
  }
  for (const std::string& name : report.files_removed) {
    out += fmt::format("  {} removed: it shows or may show the document\n", name);
  }
  for (const std::string& name : report.leftovers) {
    out += fmt::format("  {} removed: left by a process that was killed\n", name);
  }
  for (const std::string& place : report.manifest_removed) {
    out += fmt::format("  manifest.json: entry of {} removed\n", place);
  }
  return out + describe_proof(report.proof, report);
}

}  // namespace recto
