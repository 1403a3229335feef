#pragma once
// So that no language, source or kind of query outweighs the rest.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "curate/audit.h"
#include "curate/corpus.h"

namespace recto {

/// What of a document keeps strata apart: where it comes from, or itself.
enum class BalanceBy { kSource, kDocument };

/// "source" or "document".
const char* balance_by_name(BalanceBy by);
/// Throws Error(kUsage) for another name.
BalanceBy parse_balance_by(std::string_view name);

/// The defaults leave everything as it is. Document and source of a query are those of its first
/// answer (CorpusDocument::source).
struct BalanceSettings {
  int64_t max_per_language = 0;  ///< queries; 0 for no cap
  int64_t max_per_source = 0;
  int64_t max_per_document = 0;
  int64_t max_per_kind = 0;
  BalanceBy by = BalanceBy::kSource;
  /// Queries to keep of all; 0 keeps all. Which ones: a stratum (language x `by` x kind) of n
  /// queries has a share in proportion to n^(1/temperature), and what a stratum cannot fill goes to
  /// the others. 1 keeps the proportions, larger values favour small strata.
  int64_t target = 0;
  double temperature = 1;
  uint64_t seed = 0;
};

/// Throws Error(kUsage) naming the option for a negative cap or target, a temperature below 1, or
/// one other than 1 without a target.
void check_settings(const BalanceSettings& settings);

struct BalanceReport {
  int64_t kept = 0;
  std::map<std::string, int64_t> dropped;  ///< by reason, as in the audit
};

/// Removes what is too much: first by the caps, then down to the target. Which queries of a stratum
/// go is decided by SHA-256 of "SEED QUERY_ID", so that it does not depend on their order. Each
/// query that goes has a row in `audit` (stage "balance"), and those that stay too when any setting
/// asks for something. Throws what check_settings() throws.
BalanceReport balance(std::vector<CorpusQuery>& queries, const Corpus& corpus,
                      const BalanceSettings& settings, Audit& audit);

/// How many of strata with `counts` items each are kept to have `target` in all: in proportion to
/// counts^(1/temperature), at most all of a stratum, fractions by largest remainder (ties: the
/// first). Everything when the target is at least the sum.
std::vector<int64_t> share_out(const std::vector<int64_t>& counts, int64_t target,
                               double temperature);

}  // namespace recto
