#pragma once
// report.html: what a curation kept and dropped, drawn for people who then judge a sample of it.

#include <cstdint>
#include <string>
#include <vector>

#include "base/report_parts.h"
#include "page/report_page.h"

namespace recto {

/// One stage of the funnel: what came in, and why some of it did not go on.
struct ReportStage {
  std::string name;  ///< "files", "pages", ...
  int64_t in = 0;
  int64_t kept = 0;
  std::vector<ReportCount> dropped;  ///< by reason, in the order they are shown
};

/// How often values fall between `edges[i]` (inclusive) and `edges[i + 1]`.
struct ReportHistogram {
  std::string title;
  std::string unit;
  std::vector<int64_t> edges;   ///< one more than counts
  std::vector<int64_t> counts;  ///< the last one has what is larger, too
};

struct ReportNearPair {
  ReportPage first;
  ReportPage second;
  int distance = 0;    ///< bits of 256 in which the perceptual hashes differ
  double jaccard = 0;  ///< of word 3-grams
  bool duplicate = false;
};

struct ReportSample {
  std::string query_id;
  std::string query;
  std::string kind;
  std::string method;
  std::string language;
  std::string split;
  ReportPage page;
};

struct CurationReport {
  std::string title;       ///< of the dataset
  std::string dataset_id;  ///< of the manifest (data/dataset_id.h), which a review names
  std::string made_by;     ///< "recto 0.1.0"
  std::string notice;      ///< what readers must know first, or ""
  std::vector<ReportCount> totals;
  std::vector<ReportStage> stages;
  std::vector<ReportShares> shares;
  std::vector<ReportHistogram> histograms;
  std::vector<ReportNearPair> near_pairs;
  bool near_sought = true;       ///< false: nobody has looked for near-duplicates
  int64_t near_pairs_total = 0;  ///< of which near_pairs is a sample
  std::vector<ReportSample> samples;
  int64_t samples_total = 0;  ///< (query, page) pairs of which samples is a sample
};

/// The report as one file that loads nothing: pictures are data: URLs, and a content security
/// policy allows its own script and style by their hashes and nothing else. Every text is escaped.
/// Works by keyboard, in light and dark. Above `max_bytes` near pairs beyond a quarter of it and
/// then the last samples are left out, and the page says how many are shown. Same report, same
/// bytes.
///
/// Its export is what "recto dataset apply-review" reads: {"format": "recto-review",
/// "format_version": 1, "dataset": dataset_id, "decisions": [{"query_id", "page_id", "decision":
/// "accept" or "reject", "note" where there is one}]}.
std::string report_html(const CurationReport& report, size_t max_bytes = 10'000'000);

/// Ten or so bins of equal and round width that hold 99 % of the values; larger ones are counted in
/// the last. Negative values count as 0.
ReportHistogram report_histogram(std::string title, std::string unit, std::vector<int64_t> values);

}  // namespace recto
