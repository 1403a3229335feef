#pragma once
// train_report.html: a training for people to look at. Without torch.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/line_chart.h"
#include "base/report_parts.h"
#include "page/report_page.h"

namespace recto {

/// Pairs of one source, language and kind of query.
struct ReportedPairs {
  std::string source, language, kind;
  int64_t pairs = 0;
  int64_t with_negatives = 0;  ///< whose query has a hard negative
};

/// A picture of a page, or a passage in its place.
struct ReportedDocument {
  ReportPage page;
  std::string passage;  ///< "" for a page
};

/// A query with hard negatives.
struct ReportedExample {
  std::string query;
  std::vector<std::string> tags;  ///< its source, language, kind
  ReportedDocument positive;
  std::vector<ReportedDocument> negatives;  ///< hardest first
};

using ReportedFacts = std::vector<std::pair<std::string, std::string>>;

struct TrainReport {
  std::string title;    ///< name of the output directory
  std::string made_by;  ///< "recto 0.1.0"
  std::string state;    ///< a sentence: finished, interrupted, or why it failed
  std::vector<ReportCount> totals;
  std::vector<Json> metrics;       ///< the lines of metrics.jsonl
  ReportedFacts facts;             ///< what was trained
  ReportedFacts resources;         ///< memory and speed
  Json settings = Json::object();  ///< every option
  std::vector<ReportedPairs> mix;
  std::vector<ReportedExample> examples;
  int64_t examples_total = 0;  ///< queries with hard negatives, of which examples is a sample
};

/// The report as one file that loads nothing, in light and dark, as report_html() of the curation
/// is made: every text is escaped, a content security policy allows its own script and style alone.
/// Above `max_bytes` the last examples are left out, and the page says how many are shown. Same
/// report, same bytes.
std::string train_report_html(const TrainReport& report, size_t max_bytes = 5'000'000);

/// "ndcg_at_10": "nDCG@10"
std::string measure_name(const std::string& key);
/// Its place among others: that by which the best step is chosen first, sizes last.
int measure_rank(const std::string& key);

/// The curves in the lines of metrics.jsonl: loss, its parts, learning rate, gradient norm,
/// held-out measures, and whatever other number the steps have; at most 500 points each.
std::vector<LineChart> training_curves(const std::vector<Json>& metrics);

}  // namespace recto
