#include "cli/curation_result.h"

#include "base/json.h"
#include "base/log.h"
#include "cli/command_line.h"

namespace recto {

int print_curation(const CurateReport& report, bool as_json) {
  if (!report.failed.empty()) log_warning("{} bad inputs were skipped", report.failed.size());
  Json json = report_json(report);
  json["failed"] = report.failed.size();
  print_result(as_json ? pretty_json(json) : describe(report));
  return report.failed.empty() ? 0 : 1;
}

}  // namespace recto
