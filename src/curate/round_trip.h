#pragma once
// A query is kept only when its own page can be found with it.

#include <cstdint>
#include <vector>

#include "curate/audit.h"
#include "curate/corpus.h"
#include "curate/ranker.h"

namespace recto {

struct RoundTripSettings {
  int top_k = 100;
  int threads = 1;
};

struct RoundTripReport {
  int64_t kept = 0;  ///< found within the first top_k
  int64_t dropped = 0;
  int64_t not_judged = 0;  ///< kept because the ranker cannot tell
};

/// Removes the queries none of whose answers is among the first `top_k` pages of the whole corpus,
/// all splits together: how hard a query is should not depend on the size of its split. Each query
/// has a row in `audit` (stage "round_trip") with the rank of its best answer, 0 for one that is
/// not found at all, and top_k. A query none of whose answers the ranker can judge is kept as "not
/// judged". The same result whatever `threads` is. Throws what the ranker throws.
RoundTripReport round_trip(std::vector<CorpusQuery>& queries, Ranker& ranker,
                           const RoundTripSettings& settings, Audit& audit);

}  // namespace recto
