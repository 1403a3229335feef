#pragma once
// Decisions of people about (query, page) pairs, applied to a dataset (docs/formats/dataset.md).

#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "base/json.h"

namespace recto {

struct ReviewDecision {
  bool accepted = false;
  std::string note;
};

/// The export of report.html.
struct Review {
  std::string dataset;  ///< dataset_id() of what was looked at
  std::string sha256;   ///< of the review's canonical JSON
  std::map<std::pair<std::string, std::string>, ReviewDecision> decisions;  ///< query, page
};

/// Reads {"format": "recto-review", "format_version": 1, "dataset": ID, "decisions": [{"query_id",
/// "page_id", "decision": "accept" | "reject", "note"?}]}. Further keys are ignored. Throws
/// Error(kBadInput) naming the key, for a pair with two different decisions too.
Review read_review(const std::filesystem::path& file);

struct ReviewOptions {
  std::filesystem::path output;  ///< a new directory; empty: the dataset is changed in place
  bool force = false;            ///< also a review of another dataset, or one applied before
};

struct ReviewReport {
  int64_t accepted = 0, rejected = 0;
  int64_t absent = 0;           ///< decisions of pairs that the dataset has not (any more)
  int64_t queries_dropped = 0;  ///< no answer was left
  int64_t negatives_dropped = 0;
};

/// Takes rejected pairs out of qrels, and queries left without an answer with all they have;
/// accepted and rejected pairs become audit rows of stage "review", the manifest's list "reviews"
/// grows. A review of this dataset as it was before earlier reviews or forgetting counts as one of
/// it. Throws Error(kMismatch) for a review of another dataset, Error(kUsage) for one applied
/// before, Error(kBadInput) for a pair that was never there; then nothing has changed.
ReviewReport apply_review(const std::filesystem::path& directory, const Review& review,
                          const ReviewOptions& options);

}  // namespace recto
