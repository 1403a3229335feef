#include "curate/comparison.h"

#include <fmt/ranges.h>

#include <vector>

namespace recto {

std::string comparison_notice(const CurateOptions& options) {
  std::vector<const char*> missing;
  if (!options.cleaning) missing.push_back("queries are not cleaned (--cleaning off)");
  if (!options.near_duplicates) {
    missing.push_back(
        "near-duplicate pages are not looked for, and documents that share them may be in two "
        "splits "
        "(--near-duplicates off)");
  }
  if (missing.empty()) return "";
  return fmt::format("For comparisons only: {}.", fmt::join(missing, " and "));
}

}  // namespace recto
