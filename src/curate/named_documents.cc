#include "curate/named_documents.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"

namespace recto {

namespace {

bool matches(const std::string& pattern, const Source& document) {
  return matches_glob(pattern, document.place) ||
         std::any_of(document.copies.begin(), document.copies.end(),
                     [&](const SourcePlace& copy) { return matches_glob(pattern, copy); });
}

}  // namespace

bool is_named(const std::vector<std::string>& patterns, const Source& document) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches(pattern, document); });
}

void check_patterns(const std::vector<std::string>& patterns, const std::string& split,
                    const SourceList& files) {
  for (const std::string& pattern : patterns) {
    const bool used =
        std::any_of(files.listed.begin(), files.listed.end(),
                    [&](const SourcePlace& place) { return matches_glob(pattern, place); });
    if (used) continue;
    fail(ErrorCode::kUsage, "the pattern \"{}\" of {} documents matches none of {} files", pattern,
         split, files.listed.size());
  }
}

void warn_of_unused_patterns(const std::vector<std::string>& patterns, const std::string& split,
                             const std::vector<const Source*>& documents) {
  for (const std::string& pattern : patterns) {
    const bool used = std::any_of(documents.begin(), documents.end(), [&](const Source* document) {
      return matches(pattern, *document);
    });
    if (used) continue;
    log_warning(
        "the pattern \"{}\" of {} documents matches only files that were left out, so that it "
        "puts nothing into the {} split; the table audit says why they were",
        pattern, split, split);
  }
}

}  // namespace recto
