#include "curate/curate.h"

namespace recto {

std::string describe(const CurateReport& report) {
  std::string out =
      fmt::format("{} files, {} documents, {} pages, {} outline entries, {} queries\n",
                  report.files, report.documents, report.pages, report.headings, report.queries);
  for (const auto& [split, counts] : report.splits) {
    out += fmt::format("  {}: {} families, {} documents, {} pages, {} queries\n", split,
                       counts.families, counts.documents, counts.pages, counts.queries);
  }
  for (const auto& [reason, count] : report.dropped) {
    out += fmt::format("  left out: {} {}\n", count, reason);
  }
  return out;
}

Json report_json(const CurateReport& report) {
  Json splits = Json::object();
  for (const auto& [name, counts] : report.splits) {
    splits[name] = {{"families", counts.families},
                    {"documents", counts.documents},
                    {"pages", counts.pages},
                    {"queries", counts.queries}};
  }
  return {{"files", report.files},     {"documents", report.documents},
          {"pages", report.pages},     {"headings", report.headings},
          {"queries", report.queries}, {"dropped", report.dropped},
          {"failed", report.failed},   {"splits", std::move(splits)}};
}

CurateReport read_report(const Json& json) {
  const std::string where = "report of a finished run";
  CurateReport report;
  report.files = json_required<int64_t>(json, "files", where);
  report.documents = json_required<int64_t>(json, "documents", where);
  report.pages = json_required<int64_t>(json, "pages", where);
  report.headings = json_required<int64_t>(json, "headings", where);
  report.queries = json_required<int64_t>(json, "queries", where);
  report.failed = json_required<std::vector<std::string>>(json, "failed", where);
  const Json dropped = json.value("dropped", Json::object());
  for (const auto& [reason, count] : dropped.items()) {
    report.dropped[reason] = json_required<int64_t>(dropped, reason.c_str(), where);
  }
  const Json splits = json.value("splits", Json::object());
  for (const auto& [name, counts] : splits.items()) {
    SplitCounts& split = report.splits[name];
    split.families = json_required<int64_t>(counts, "families", where);
    split.documents = json_required<int64_t>(counts, "documents", where);
    split.pages = json_required<int64_t>(counts, "pages", where);
    split.queries = json_required<int64_t>(counts, "queries", where);
  }
  return report;
}

}  // namespace recto
