#include "curate/round_trip.h"

#include <algorithm>
#include <string>

#include "base/progress.h"

namespace recto {

namespace {

constexpr const char* kStage = "round_trip";
constexpr size_t kBatch = 4096;

/// Why no answer can be judged, or "" when one can.
std::string_view why_not_judged(const CorpusQuery& query, const Ranker& ranker) {
  std::string_view reason;
  for (const int32_t page : query.pages) {
    reason = ranker.cannot_judge(page, query.row.kind);
    if (reason.empty()) break;
  }
  return reason;
}

}  // namespace

RoundTripReport round_trip(std::vector<CorpusQuery>& queries, Ranker& ranker,
                           const RoundTripSettings& settings, Audit& audit) {
  RoundTripReport report;
  std::vector<uint8_t> dropped(queries.size());
  Progress progress("round trip", queries.size());
  const std::string by(ranker.name());
  const auto judge = [&](size_t i, const Ranking& ranking) {
    const CorpusQuery& query = queries[i];
    const std::string_view unknown = why_not_judged(query, ranker);
    const auto rank = static_cast<double>(ranking.answer_rank);
    if (!unknown.empty()) {
      ++report.not_judged;
      audit.keep(query.row.query_id, kStage, fmt::format("not judged by {}: {}", by, unknown), 0,
                 settings.top_k);
    } else if (rank >= 1 && rank <= settings.top_k) {
      ++report.kept;
      audit.keep(query.row.query_id, kStage, fmt::format("its page is found by {}", by), rank,
                 settings.top_k);
    } else {
      dropped[i] = 1;
      ++report.dropped;
      const char* reason =
          rank == 0 ? "its page is not found by " : "its page is not among the first of ";
      audit.drop(query.row.query_id, kStage, reason + by, rank, settings.top_k);
    }
  };
  for (size_t first = 0; first < queries.size(); first += kBatch) {
    const size_t count = std::min(kBatch, queries.size() - first);
    std::vector<const CorpusQuery*> asked;
    for (size_t i = first; i < first + count; ++i) asked.push_back(&queries[i]);
    const auto rankings = ranker.rank(asked, 0, {}, settings.threads);
    for (size_t i = 0; i < count; ++i) judge(first + i, rankings[i]);
    progress.advance(count);
  }
  remove_queries(queries, dropped);
  return report;
}

}  // namespace recto
