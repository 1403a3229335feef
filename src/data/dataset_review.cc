#include "data/dataset_review.h"

#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/sha256.h"
#include "data/dataset.h"
#include "data/dataset_change.h"
#include "data/dataset_id.h"
#include "data/dataset_rewrite.h"
#include "data/other_files.h"
#include "data/table_scan.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr const char* kStage = "review";

bool parse_decision(const std::string& text, const std::string& where) {
  if (text == "accept") return true;
  if (text == "reject") return false;
  fail(ErrorCode::kBadInput, "{}: decision: \"{}\" is neither accept nor reject", where, text);
}

/// Whether the review was made of this dataset, now or before an earlier change.
bool is_of(const Json& manifest, const std::string& dataset) {
  if (dataset_id(manifest) == dataset) return true;
  for (const char* list : {"reviews", "forgotten"}) {
    for (const Json& change : manifest.value(list, Json::array())) {
      if (change.value("dataset", "") == dataset) return true;
    }
  }
  return false;
}

void check_applicable(const Json& manifest, const Review& review, const fs::path& directory) {
  if (!is_of(manifest, review.dataset)) {
    fail(ErrorCode::kMismatch,
         "the review is of the dataset {}, but {} is {}; --force applies what fits", review.dataset,
         directory.string(), dataset_id(manifest));
  }
  for (const Json& entry : manifest.value("reviews", Json::array())) {
    if (entry.value("sha256", "") == review.sha256) {
      fail(ErrorCode::kUsage, "the review was applied to {} before; --force applies it again",
           directory.string());
    }
  }
}

class ReviewWork {
 public:
  ReviewWork(const fs::path& directory, const Review& review, bool strict)
      : directory_(directory), review_(review) {
    for (const std::string& split : list_splits(directory / Table<QrelRow>::kName)) {
      scan_table<QrelRow>(directory, split, [&](QrelRow&& row) { note(row); });
    }
    for (const auto& [pair, decision] : review.decisions) {
      if (found_.count(pair) != 0) {
        ++(decision.accepted ? report_.accepted : report_.rejected);
        continue;
      }
      if (strict) {
        fail(ErrorCode::kBadInput, "the review decides on query {} and page {}, which {} has not",
             pair.first, pair.second, directory.string());
      }
      ++report_.absent;
    }
    for (const auto& [query, answers] : answers_) {
      if (answers == 0 && touched_.count(query) != 0) dropped_.insert(query);
    }
    report_.queries_dropped = std::ssize(dropped_);
  }

  ReviewReport write(const fs::path& to, Json manifest) {
    DatasetWriter writer(to);
    rewrite_tables(directory_, rules(), writer);
    add_audit(writer);
    manifest["reviews"].push_back({{"dataset", dataset_id(manifest)},
                                   {"reviewed", review_.dataset},
                                   {"sha256", review_.sha256},
                                   {"accepted", report_.accepted},
                                   {"rejected", report_.rejected},
                                   {"absent", report_.absent},
                                   {"queries_dropped", report_.queries_dropped}});
    const std::string line = fmt::format(
        "A review accepted {} pairs and rejected {}; {} queries without an answer left "
        "out (`recto dataset apply-review`). Counts above are from before.",
        report_.accepted, report_.rejected, report_.queries_dropped);
    writer.finish(std::move(manifest), with_change(card_body_of(directory_), line));
    copy_other_files(directory_, to, [](const std::string&, const fs::path&) { return true; });
    return report_;
  }

 private:
  const ReviewDecision* decision(const QrelRow& row) const {
    const auto found = review_.decisions.find({row.query_id, row.page_id});
    return found == review_.decisions.end() ? nullptr : &found->second;
  }

  void note(const QrelRow& row) {
    const ReviewDecision* made = decision(row);
    int64_t& answers = answers_[row.query_id];
    if (made != nullptr) found_.insert({row.query_id, row.page_id});
    if (made != nullptr && !made->accepted) {
      touched_.insert(row.query_id);
    } else if (row.score > 0) {
      ++answers;
    }
  }

  RewriteRules rules() {
    RewriteRules rules;
    rules.query = [this](const std::string&, QueryRow& row) {
      return dropped_.count(row.query_id) == 0;
    };
    rules.qrel = [this](const std::string&, QrelRow& row) {
      const ReviewDecision* made = decision(row);
      return dropped_.count(row.query_id) == 0 && (made == nullptr || made->accepted);
    };
    rules.negative = [this](const std::string&, NegativeRow& row) {
      const bool stays = dropped_.count(row.query_id) == 0;
      if (!stays) ++report_.negatives_dropped;
      return stays;
    };
    return rules;
  }

  void add_audit(DatasetWriter& writer) const {
    std::set<std::string> dropped(dropped_.begin(), dropped_.end());
    for (const auto& [pair, made] : review_.decisions) {
      if (found_.count(pair) == 0) continue;
      std::string reason = (made.accepted ? "accepted: page " : "rejected: page ") + pair.second;
      if (!made.note.empty()) reason += ": " + made.note;
      writer.add("audit", AuditRow{pair.first, kStage, made.accepted ? "kept" : "dropped",
                                   std::move(reason), 0, 0});
    }
    for (const std::string& query : dropped) {
      writer.add("audit", AuditRow{query, kStage, "dropped", "no answer is left", 0, 1});
    }
  }

  const fs::path& directory_;
  const Review& review_;
  ReviewReport report_;
  std::set<std::pair<std::string, std::string>> found_;
  std::unordered_map<std::string, int64_t> answers_;  ///< left, by query
  std::unordered_set<std::string> touched_;
  std::unordered_set<std::string> dropped_;
};

}  // namespace

Review read_review(const fs::path& file) {
  const Json json = read_json(file);
  const std::string where = file.string();
  if (!json.is_object() ||
      json_optional<std::string>(json, "format", where, "") != "recto-review") {
    fail(
        ErrorCode::kBadInput,
        "{} is no review: {{\"format\": \"recto-review\", …}} is wanted, as report.html exports it",
        where);
  }
  const int version = json_required<int>(json, "format_version", where);
  if (version != 1) {
    fail(ErrorCode::kUnsupported, "{}: format_version {} is not known; this recto reads 1", where,
         version);
  }
  Review review;
  review.dataset = json_required<std::string>(json, "dataset", where);
  review.sha256 = sha256_hex(canonical_json(json));
  const auto decisions = json.find("decisions");
  if (decisions == json.end() || !decisions->is_array()) {
    fail(ErrorCode::kBadInput, "{}: the key \"decisions\" is missing or no list", where);
  }
  for (size_t i = 0; i < decisions->size(); ++i) {
    const std::string place = fmt::format("{}: decisions[{}]", where, i);
    const Json& entry = (*decisions)[i];
    const std::pair pair(json_required<std::string>(entry, "query_id", place),
                         json_required<std::string>(entry, "page_id", place));
    const bool accepted =
        parse_decision(json_required<std::string>(entry, "decision", place), place);
    const auto note = json_optional<std::string>(entry, "note", place, "");
    const auto [known, fresh] = review.decisions.try_emplace(pair, ReviewDecision{accepted, note});
    if (!fresh && known->second.accepted != accepted) {
      fail(ErrorCode::kBadInput, "{}: query {} and page {} are accepted and rejected", place,
           pair.first, pair.second);
    }
  }
  return review;
}

ReviewReport apply_review(const fs::path& directory, const Review& review,
                          const ReviewOptions& options) {
  const Json manifest = read_manifest_of(directory);
  if (!options.force) check_applicable(manifest, review, directory);
  const bool strict = !options.force && dataset_id(manifest) == review.dataset;
  const Dataset dataset = Dataset::open(directory);
  ReviewWork work(dataset.path(), review, strict);
  DatasetChange change(directory, options.output);
  const ReviewReport report = work.write(change.path(), manifest);
  change.commit();
  return report;
}

}  // namespace recto
