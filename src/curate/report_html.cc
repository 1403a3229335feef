#include "curate/report_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "base/html.h"
#include "curate/report_assets.h"

namespace recto {
namespace {

std::string page_header(const CurationReport& report) {
  std::string out = fmt::format(
      "<header class=\"page\">\n<h1><bdi>{}</bdi></h1>\n"
      "<p class=\"soft\">Curation report by {}. Dataset <code>{}</code></p>\n",
      html_escaped(report.title), html_escaped(report.made_by), html_escaped(report.dataset_id));
  if (!report.notice.empty()) {
    out += fmt::format("<p><strong>{}</strong></p>\n", html_escaped(report.notice));
  }
  return out + report_tiles(report.totals) +
         "<nav aria-label=\"Sections\"><ul><li><a href=\"#stages\">Stages</a></li><li>"
         "<a href=\"#content\">Content</a></li><li><a href=\"#lengths\">Lengths</a></li><li>"
         "<a href=\"#near\">Near-duplicates</a></li><li><a href=\"#gallery\">Gallery</a></li></ul>"
         "</nav>\n</header>\n";
}

std::string reasons(const ReportStage& stage) {
  if (stage.dropped.empty()) return "";
  std::string out =
      fmt::format("<details><summary>{} {}</summary><ul class=\"reasons small\">",
                  stage.dropped.size(), stage.dropped.size() == 1 ? "reason" : "reasons");
  for (const ReportCount& reason : stage.dropped) {
    out += fmt::format("<li>{} <span class=\"soft\">{}</span></li>", html_escaped(reason.name),
                       grouped_number(reason.count));
  }
  return out + "</ul></details>";
}

std::string stages(const CurationReport& report) {
  std::string out =
      "<section id=\"stages\">\n<h2>What each stage kept</h2>\n<div class=\"panel scroll\"><table>"
      "<thead><tr><th scope=\"col\">Stage</th><th scope=\"col\" class=\"number\">In</th>"
      "<th scope=\"col\" class=\"number\">Kept</th><th scope=\"col\" class=\"number\">Dropped</th>"
      "<th scope=\"col\">Share kept</th><th scope=\"col\">Why dropped</th></tr></thead><tbody>\n";
  for (const ReportStage& stage : report.stages) {
    out += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td>"
        "<td class=\"number\">{}</td><td class=\"chart\">{}<span class=\"small soft\">{:.1f} %"
        "</span></td><td>{}</td></tr>\n",
        html_escaped(stage.name), grouped_number(stage.in), grouped_number(stage.kept),
        grouped_number(stage.in - stage.kept), report_bar(share_of(stage.kept, stage.in), true),
        100 * share_of(stage.kept, stage.in), reasons(stage));
  }
  return out + "</tbody></table></div>\n</section>\n";
}

std::string content(const CurationReport& report) {
  std::string out =
      "<section id=\"content\">\n<h2>What it consists of</h2>\n<div class=\"panels\">\n";
  for (const ReportShares& group : report.shares) out += report_shares(group);
  return out + "</div>\n</section>\n";
}

std::string histogram(const ReportHistogram& data) {
  constexpr double kWidth = 400;
  constexpr double kHeight = 130;
  const int64_t largest =
      data.counts.empty() ? 0 : *std::max_element(data.counts.begin(), data.counts.end());
  const double step = kWidth / static_cast<double>(std::max<size_t>(1, data.counts.size()));
  std::string out = fmt::format(
      "<div class=\"panel\"><h3>{}</h3><svg viewBox=\"0 0 400 160\" role=\"img\" "
      "aria-label=\"{}, histogram in {}\">",
      html_escaped(data.title), html_escaped(data.title), html_escaped(data.unit));
  for (size_t i = 0; i < data.counts.size(); ++i) {
    const double height = kHeight * share_of(data.counts[i], largest);
    const double left = step * static_cast<double>(i);
    const bool last = i + 1 == data.counts.size();
    const std::string range = last ? fmt::format("{} and more", grouped_number(data.edges[i]))
                                   : fmt::format("{} to {}", grouped_number(data.edges[i]),
                                                 grouped_number(data.edges[i + 1] - 1));
    out += fmt::format(
        "<rect class=\"kept\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\">"
        "<title>{} {}: {}</title></rect><text x=\"{:.2f}\" y=\"146\">{}</text>",
        left + 1, kHeight - height, step - 2, height, range, html_escaped(data.unit),
        grouped_number(data.counts[i]), left + 1, grouped_number(data.edges[i]));
  }
  return out + fmt::format(
                   "<line class=\"axis\" x1=\"0\" y1=\"{0}\" x2=\"400\" y2=\"{0}\"/></svg>"
                   "<p class=\"small soft\">{1}; the highest bar stands for {2}</p></div>\n",
                   kHeight, html_escaped(data.unit), grouped_number(largest));
}

std::string lengths(const CurationReport& report) {
  std::string out = "<section id=\"lengths\">\n<h2>Lengths</h2>\n<div class=\"panels\">\n";
  for (const ReportHistogram& data : report.histograms) out += histogram(data);
  return out + "</div>\n</section>\n";
}

std::string near_pair(const ReportNearPair& pair) {
  return fmt::format(
      "<li class=\"pair\"><p class=\"small\"><strong>{}</strong> <span class=\"soft\">{} of 256 "
      "bits differ, text overlap {:.2f}</span></p><div class=\"two\">{}{}</div></li>\n",
      pair.duplicate ? "Duplicate" : "Near", pair.distance, pair.jaccard, report_figure(pair.first),
      report_figure(pair.second));
}

std::string sample(const ReportSample& pair) {
  std::string tags;
  for (const std::string& tag : {pair.kind, pair.language, pair.split, pair.method}) {
    if (!tag.empty()) tags += "<li>" + html_escaped(tag) + "</li>";
  }
  std::string excerpt;
  if (!pair.page.excerpt.empty()) {
    excerpt = fmt::format(
        "<details class=\"small\"><summary>Text of the page</summary><p class=\"excerpt\" "
        "dir=\"auto\">{}</p></details>",
        html_escaped(pair.page.excerpt));
  }
  return fmt::format(
      "<li class=\"sample\" tabindex=\"0\" data-query-id=\"{}\" data-page-id=\"{}\" "
      "data-kind=\"{}\" data-language=\"{}\" data-split=\"{}\"><p class=\"query\" dir=\"auto\">{}"
      "</p><ul class=\"tags\">{}</ul>{}{}<div class=\"controls\"><button type=\"button\" "
      "class=\"plain accept\" aria-pressed=\"false\">Accept</button><button type=\"button\" "
      "class=\"plain reject\" aria-pressed=\"false\">Reject</button><input class=\"note\" "
      "type=\"text\" maxlength=\"500\" aria-label=\"Note\" placeholder=\"Note\"></div></li>\n",
      html_escaped(pair.query_id), html_escaped(pair.page.page_id), html_escaped(pair.kind),
      html_escaped(pair.language), html_escaped(pair.split), html_escaped(pair.query), tags,
      report_figure(pair.page), excerpt);
}

// ---- the gallery's tools

std::string select(const char* name, const char* label, const std::set<std::string>& values) {
  std::string out = fmt::format(
      "<label for=\"filter-{0}\">{1}</label><select id=\"filter-{0}\"><option value=\"*\">all"
      "</option>",
      name, label);
  for (const std::string& value : values) {
    out += fmt::format("<option value=\"{}\">{}</option>", html_escaped(value),
                       value.empty() ? "unknown" : html_escaped(value));
  }
  return out + "</select>\n";
}

std::string toolbar(const std::vector<ReportSample>& samples) {
  std::set<std::string> kinds;
  std::set<std::string> languages;
  std::set<std::string> splits;
  for (const ReportSample& sample : samples) {
    kinds.insert(sample.kind);
    languages.insert(sample.language);
    splits.insert(sample.split);
  }
  return "<div class=\"toolbar\" role=\"toolbar\" aria-label=\"Filters and review\">\n" +
         select("kind", "Kind", kinds) + select("language", "Language", languages) +
         select("split", "Split", splits) +
         select("decision", "Decision", {"accept", "open", "reject"}) +
         "<button type=\"button\" class=\"plain\" id=\"export\">Export review</button>"
         "<button type=\"button\" class=\"plain\" id=\"load\">Load review</button>"
         "<input type=\"file\" id=\"file\" class=\"hidden\" accept=\".json,application/json\" "
         "tabindex=\"-1\" aria-hidden=\"true\"><span id=\"progress\"></span></div>\n"
         "<p id=\"message\" class=\"small soft\" role=\"status\"></p>\n";
}

constexpr const char* kHelp =
    "<p class=\"small soft\">Does the page answer the query? Keys: <kbd>j</kbd> <kbd>k</kbd> next "
    "and previous, <kbd>a</kbd> accept, <kbd>r</kbd> reject, <kbd>n</kbd> note, <kbd>z</kbd> "
    "enlarge, <kbd>e</kbd> export. Decisions live in this window only until they are exported; "
    "then: <code>recto dataset apply-review DIR REVIEW.json</code></p>\n";

std::string near_section(const CurationReport& report, size_t budget) {
  const auto [pairs, shown] = report_fitting(report.near_pairs, budget, near_pair);
  const int64_t total = std::max(report.near_pairs_total, std::ssize(report.near_pairs));
  std::string out = "<section id=\"near\">\n<h2>Near-duplicate pages</h2>\n";
  if (total == 0) {
    return out + fmt::format("<p>{}</p>\n</section>\n",
                             report.near_sought ? "None were found." : "They were not looked for.");
  }
  return out + fmt::format(
                   "<p class=\"soft\">{} of {} pairs.</p>\n<ul class=\"pairs\">\n{}</ul>\n"
                   "</section>\n",
                   grouped_number(static_cast<int64_t>(shown)), grouped_number(total), pairs);
}

std::string gallery(const CurationReport& report, size_t budget) {
  const auto [samples, shown] = report_fitting(report.samples, budget, sample);
  const int64_t total = std::max(report.samples_total, std::ssize(report.samples));
  std::string out = "<section id=\"gallery\">\n<h2>Queries and their pages</h2>\n";
  if (total == 0) return out + "<p>There are no queries.</p>\n</section>\n";
  const std::vector<ReportSample> visible(report.samples.begin(),
                                          report.samples.begin() + static_cast<ptrdiff_t>(shown));
  return out +
         fmt::format("<p class=\"soft\">{} of {} pairs, drawn at random.</p>\n",
                     grouped_number(static_cast<int64_t>(shown)), grouped_number(total)) +
         kHelp + toolbar(visible) + "<ul class=\"samples\">\n" + samples + "</ul>\n</section>\n";
}

}  // namespace

std::string report_html(const CurationReport& report, size_t max_bytes) {
  constexpr size_t kReserve = 8192;  // for the end, and the tools of the gallery
  const std::string script = curation_script();
  std::string out = html_head(report.title + ": curation report", curation_style(), script);
  out += fmt::format("<body data-dataset=\"{}\">\n", html_escaped(report.dataset_id));
  out += page_header(report) + "<main>\n" + stages(report) + content(report) + lengths(report);
  const auto left = [&] { return max_bytes - std::min(max_bytes, out.size() + kReserve); };
  out += near_section(report, std::min(max_bytes / 4, left()));
  out += gallery(report, left() - std::min(left(), script.size()));
  out += fmt::format(
      "</main>\n{}<footer class=\"small soft\">Made by {}. This file loads nothing from "
      "anywhere.</footer>\n"
      "<script>{}</script>\n</body>\n</html>\n",
      report_zoom_dialog(), html_escaped(report.made_by), script);
  return out;
}

}  // namespace recto
