#include "base/report_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/html.h"

namespace recto {

double share_of(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string report_bar(double share, bool rest) {
  const double width = 100 * std::clamp(share, 0.0, 1.0);
  return fmt::format(
      "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
      "{}<rect class=\"kept\" width=\"{:.2f}\" height=\"8\"/></svg>",
      rest ? "<rect class=\"lost\" width=\"100\" height=\"8\"/>" : "", width);
}

std::string report_tiles(const std::vector<ReportCount>& counts) {
  if (counts.empty()) return "";
  std::string out = "<dl class=\"tiles\">\n";
  for (const ReportCount& count : counts) {
    out += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", html_escaped(count.name),
                       grouped_number(count.count));
  }
  return out + "</dl>\n";
}

std::string report_shares(const ReportShares& group) {
  int64_t sum = 0;
  int64_t largest = 0;
  for (const ReportCount& count : group.counts) {
    sum += count.count;
    largest = std::max(largest, count.count);
  }
  std::string out =
      fmt::format("<div class=\"panel\"><h3>{}</h3><table><tbody>\n", html_escaped(group.title));
  for (const ReportCount& count : group.counts) {
    out += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"chart\">{}</td><td class=\"number\">{}</td>"
        "<td class=\"number soft small\">{:.1f} %</td></tr>\n",
        count.name.empty() ? "<span class=\"soft\">unknown</span>" : html_escaped(count.name),
        report_bar(share_of(count.count, largest), false), grouped_number(count.count),
        100 * share_of(count.count, sum));
  }
  return out + "</tbody></table></div>\n";
}

}  // namespace recto
