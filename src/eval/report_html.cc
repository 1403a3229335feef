#include "eval/report_html.h"

#include <algorithm>
#include <map>

#include "base/html.h"
#include "base/line_chart.h"
#include "base/report_parts.h"
#include "base/version.h"
#include "eval/groups.h"
#include "eval/report_examples.h"
#include "eval/scatter_chart.h"
#include "page/report_page.h"

namespace recto {
namespace {

// ---- results

/// The mean as a mark on its interval, from 0 to 1 across.
std::string interval_drawing(double mean, const Interval& interval) {
  return fmt::format(
      "<svg class=\"bar interval\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" "
      "aria-hidden=\"true\"><rect class=\"lost\" width=\"100\" height=\"8\"/><rect class=\"kept\" "
      "x=\"{:.2f}\" width=\"{:.2f}\" height=\"8\"/><rect class=\"mean\" x=\"{:.2f}\" width=\"0.8\" "
      "height=\"8\"/></svg>",
      100 * interval.low, std::max(0.4, 100 * (interval.high - interval.low)),
      std::clamp(100 * mean - 0.4, 0.0, 99.2));
}

std::string number_cell(double value) {
  return fmt::format("<td class=\"number\">{:.4f}</td>", value);
}

std::string results_row(const EvalReport& report, const SystemResult& result) {
  const double mean = metric_value(result.mean, report.main_metric);
  const auto found = result.intervals.find(report.main_metric);
  const Interval interval = found == result.intervals.end() ? Interval{mean, mean} : found->second;
  std::string out = fmt::format(
      "<tr><th scope=\"row\">{}</th>{}<td "
      "class=\"number\">{:.4f} "
      "to {:.4f}</td><td class=\"chart\">{}</td>",
      html_escaped(result.name), number_cell(mean), interval.low, interval.high,
      interval_drawing(mean, interval));
  for (const char* metric : {"ndcg_at_10", "recall_at_10", "mrr_at_10", "hit_rate_at_1"}) {
    out += number_cell(metric_value(result.mean, metric));
  }
  out += result.within.empty() ? "<td></td>"
                               : number_cell(metric_value(result.within, report.main_metric));
  const SystemCost& cost = result.cost;
  out += fmt::format(
      "<td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>\n",
      cost.page_seconds > 0 ? rate_text(pages_per_second(report, result)) : "",
      cost.query_seconds > 0 ? fmt::format("{:.2g}", 1000 * seconds_per_query(report, result)) : "",
      cost.bytes_per_page > 0 ? grouped_number(cost.bytes_per_page) : "");
  return out;
}

std::string peak_memory(const EvalReport& report) {
  if (report.peak_memory_bytes == 0) return "";
  return fmt::format("<p class=\"small soft\">Peak memory of the command: {:.2f} GB.</p>\n",
                     static_cast<double>(report.peak_memory_bytes) / 1e9);
}

std::string results(const EvalReport& report) {
  std::string rows;
  std::string descriptions;
  for (const SystemResult& result : report.systems) {
    rows += results_row(report, result);
    descriptions +=
        fmt::format("<li>{}: {}</li>", html_escaped(result.name), html_escaped(result.description));
  }
  return fmt::format(
             "<section id=\"results\">\n<h2>Results</h2>\n<div class=\"panel scroll\"><table>"
             "<thead><tr><th scope=\"col\">System</th><th scope=\"col\" class=\"number\">{0}</th>"
             "<th scope=\"col\" class=\"number\">95 %</th><th scope=\"col\">0 to 1</th>",
             html_escaped(metric_title(report.main_metric))) +
         "<th scope=\"col\" class=\"number\">nDCG@10</th><th scope=\"col\" class=\"number\">"
         "recall@10</th><th scope=\"col\" class=\"number\">MRR@10</th><th scope=\"col\" "
         "class=\"number\">hit@1</th>" +
         fmt::format("<th scope=\"col\" class=\"number\">{} within<br>the document</th>",
                     html_escaped(metric_title(report.main_metric))) +
         "<th scope=\"col\" class=\"number\">pages/s</th><th scope=\"col\" class=\"number\">ms "
         "a<br>"
         "query</th><th scope=\"col\" class=\"number\">bytes<br>a page</th></tr></thead><tbody>\n" +
         rows + "</tbody></table></div>\n" + peak_memory(report) + "<ul class=\"small soft\">" +
         descriptions + "</ul>\n</section>\n";
}

// ---- comparisons

std::string comparison_row(const PairComparison& c) {
  return fmt::format(
      "<tr><th scope=\"row\">{} − {}</th><td class=\"number\">{:+.4f}</td><td class=\"number\">"
      "{:+.4f} to {:+.4f}</td><td class=\"number\">{:.4g}{}</td><td class=\"number\">{:.4g}</td>"
      "<td class=\"number\">{}</td><td class=\"number\">{}</td><td>{}</td></tr>\n",
      html_escaped(c.first), html_escaped(c.second), c.difference, c.bootstrap.interval.low,
      c.bootstrap.interval.high, c.test.p, c.test.exact ? " exact" : "", c.p_holm,
      c.effect ? fmt::format("{:+.2f}", *c.effect) : "", win_tie_loss(c),
      html_escaped(c.verdict()));
}

std::string comparisons_table(const std::string& rows) {
  return "<table><thead><tr><th scope=\"col\">Pair</th><th scope=\"col\" class=\"number\">"
         "Difference</th><th scope=\"col\" class=\"number\">95 %</th><th scope=\"col\" "
         "class=\"number\">p</th><th scope=\"col\" class=\"number\">p (Holm)</th><th "
         "scope=\"col\" class=\"number\">Effect</th><th scope=\"col\" class=\"number\">"
         "Win/tie/loss</th><th scope=\"col\">What can be told</th></tr></thead><tbody>\n" +
         rows + "</tbody></table>";
}

/// Those of the first system, and the others to be opened.
std::string comparisons(const EvalReport& report) {
  std::string of_first;
  std::string others;
  for (const PairComparison& one : report.comparisons) {
    (one.first == report.systems.front().name ? of_first : others) += comparison_row(one);
  }
  std::string out = "<section id=\"comparisons\">\n<h2>Comparisons</h2>\n";
  if (of_first.empty()) return out + "<p>There is one system alone.</p>\n</section>\n";
  out += fmt::format("<p class=\"soft\">{} of each query, in pairs: {}.</p>\n",
                     html_escaped(metric_title(report.main_metric)),
                     html_escaped(resampling_text(report.resampling))) +
         "<div class=\"panel scroll\">" + comparisons_table(of_first) + "</div>\n";
  const std::string chance = chance_text(report.comparisons);
  if (!chance.empty()) {
    out += fmt::format("<p class=\"small soft\">Comparisons {}.</p>\n", html_escaped(chance));
  }
  if (!others.empty()) {
    out += "<details class=\"panel scroll\"><summary>Between the other systems</summary>" +
           comparisons_table(others) + "</details>\n";
  }
  return out + "</section>\n";
}

// ---- groups

/// The first system, its rival and chance, as far as they are there.
std::vector<const SystemResult*> systems_to_look_at(const EvalReport& report) {
  std::vector<const SystemResult*> out = {&report.systems.front()};
  if (report.rival() != nullptr) out.push_back(report.rival());
  const SystemResult& last = report.systems.back();
  if (&last != out.back() && &last != out.front()) out.push_back(&last);
  return out;
}

/// A panel of one grouping: a bar for each group and system.
std::string group_panel(const EvalReport& report, const QueryGrouping& grouping) {
  constexpr size_t kMostGroups = 40;
  std::map<std::string, std::string> rows;
  std::map<std::string, int64_t> sizes;
  for (const SystemResult* system : systems_to_look_at(report)) {
    const SystemResult& result = *system;
    for (const auto& [name, group] : grouped_means(grouping, result.per_query)) {
      const double value = metric_value(group.mean, report.main_metric);
      sizes[name] = group.queries;
      rows[name] += fmt::format(
          "<tr><td class=\"small soft\">{}</td><td class=\"chart\">{}</td><td class=\"number\">"
          "{:.4f}</td></tr>\n",
          html_escaped(result.name), report_bar(value, true), value);
    }
  }
  std::vector<std::string> names;
  names.reserve(sizes.size());
  for (const auto& [name, size] : sizes) names.push_back(name);
  std::stable_sort(names.begin(), names.end(),
                   [&](const std::string& a, const std::string& b) { return sizes[a] > sizes[b]; });
  std::string out = fmt::format("<div class=\"panel groups\"><h3>By {}</h3><table><tbody>\n",
                                html_escaped(grouping.name));
  for (size_t i = 0; i < std::min(kMostGroups, names.size()); ++i) {
    out += fmt::format(
        "<tr><th scope=\"rowgroup\" colspan=\"3\">{} <span class=\"small soft\">{} queries</span>"
        "</th></tr>\n{}",
        names[i].empty() ? "unknown" : html_escaped(names[i]), grouped_number(sizes[names[i]]),
        rows[names[i]]);
  }
  out += "</tbody></table>";
  if (names.size() > kMostGroups) {
    out +=
        fmt::format("<p class=\"small soft\">The largest {} of {}.</p>", kMostGroups, names.size());
  }
  return out + "</div>\n";
}

std::string groups(const EvalReport& report) {
  std::string panels;
  for (const QueryGrouping& grouping : query_groupings(report.task)) {
    panels += group_panel(report, grouping);
  }
  std::string out = "<section id=\"groups\">\n<h2>Groups of queries</h2>\n";
  if (panels.empty()) return out + "<p>Nothing is known of the queries.</p>\n</section>\n";
  return out +
         fmt::format("<p class=\"soft\">{} of the first systems.</p>\n<div class=\"panels\">\n",
                     html_escaped(metric_title(report.main_metric))) +
         panels + "</div>\n</section>\n";
}

// ---- curves

LineChart dimension_chart(const EvalReport& report) {
  LineChart chart;
  chart.title = metric_title(report.main_metric) + " by dimensions";
  chart.x_name = "dimensions";
  std::vector<std::string> names;  // in the order of the systems
  std::map<std::string, std::map<int, double>> points;
  for (const SystemResult& result : report.systems) {
    if (result.dimensions == 0) continue;
    const std::string name = result.family + " " + result.stored;
    if (points.count(name) == 0) names.push_back(name);
    points[name][result.dimensions] = metric_value(result.mean, report.main_metric);
  }
  for (const std::string& name : names) {
    ChartSeries one;
    one.name = name;
    one.points = true;
    for (const auto& [dimensions, value] : points[name]) {
      one.x.push_back(dimensions);
      one.y.push_back(value);
    }
    chart.series.push_back(std::move(one));
  }
  return chart;
}

std::string curves(const EvalReport& report) {
  std::string panels = line_chart(dimension_chart(report));
  if (report.rival() != nullptr) {
    panels += scatter_chart(report.systems[0], *report.rival(), report.main_metric);
  }
  std::string out = "<section id=\"curves\">\n<h2>Query by query</h2>\n";
  if (panels.empty()) return out + "<p>There is one system alone.</p>\n</section>\n";
  return out + "<div class=\"panels curves\">\n" + panels + "</div>\n</section>\n";
}

// ---- contamination

std::string contamination(const EvalReport& report) {
  if (!report.contamination) return "";
  const Contamination& found = *report.contamination;
  std::string rows;
  for (const SystemResult& result : report.systems) {
    const MetricValues rest = mean_without(result.per_query, found.touched);
    rows += fmt::format("<tr><th scope=\"row\">{}</th>{}{}</tr>\n", html_escaped(result.name),
                        number_cell(metric_value(result.mean, report.main_metric)),
                        rest.empty() ? "<td class=\"number\">none left</td>"
                                     : number_cell(metric_value(rest, report.main_metric)));
  }
  return fmt::format(
      "<section id=\"contamination\">\n<h2>Contamination</h2>\n<p class=\"{}\">{}</p>\n<p>The "
      "training data has {} documents, {} pages and {} queries of this task; {} of {} queries "
      "are touched.</p>\n<div class=\"panel scroll\"><table><thead><tr><th scope=\"col\">System"
      "</th><th scope=\"col\" class=\"number\">{} with them</th><th scope=\"col\" class=\"number\">"
      "without</th></tr></thead><tbody>\n{}</tbody></table></div>\n</section>\n",
      found.is_flagged() ? "worse" : "better", contamination_verdict(found),
      grouped_number(found.documents), grouped_number(found.pages), grouped_number(found.queries),
      grouped_number(std::ssize(found.touched)), grouped_number(std::ssize(report.task.queries)),
      html_escaped(metric_title(report.main_metric)), rows);
}

// ---- page

constexpr const char* kStyle = R"css(
.better { color: var(--good); } .worse { color: var(--bad); }
svg.interval .mean { fill: var(--ink); }
details.panel { margin-top: 1rem; }
.groups td { border-bottom: 0; padding-top: 0; padding-bottom: 0; }
.groups th { border-bottom: 0; padding-top: .6rem; }
.scatter svg { max-width: 30rem; }
.scatter circle { fill: var(--bar); fill-opacity: .45; }
.scatter .equal { stroke: var(--soft); stroke-dasharray: 4 4; }
.examples { display: grid; gap: 1rem; list-style: none; margin: 1rem 0; padding: 0;
            grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); }
.documents { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; list-style: none;
             margin: 0; padding: 0; }
.documents li { min-width: 0; }
.role { margin: 0 0 .25rem; font-weight: 600; color: var(--soft); }
.wanted .role { color: var(--good); }
.wanted .thumb { border: 2px solid var(--good); }
)css";

std::string header(const EvalReport& report) {
  const RetrievalTask& task = report.task;
  const std::string by = "recto " + std::string(recto_version());
  std::string out = fmt::format(
      "<header class=\"page\">\n<h1><bdi>{}</bdi></h1>\n<p class=\"soft\">Evaluation by {}, split "
      "{}.</p>\n",
      html_escaped(task.name), html_escaped(by), html_escaped(task.split));
  out += report_tiles({{"queries", std::ssize(task.queries)},
                       {"pages", std::ssize(task.page_ids)},
                       {"documents", std::ssize(task.document_names)},
                       {"systems", std::ssize(report.systems)},
                       {"queries without an answer", task.queries_without_qrels}});
  for (const std::string& remark : task_remarks(report)) {
    out += fmt::format("<p>{}.</p>\n", html_escaped(remark));
  }
  return out +
         "<nav aria-label=\"Sections\"><ul><li><a href=\"#results\">Results</a></li><li>"
         "<a href=\"#comparisons\">Comparisons</a></li><li><a href=\"#groups\">Groups</a></li><li>"
         "<a href=\"#curves\">Query by query</a></li>" +
         (report.contamination ? "<li><a href=\"#contamination\">Contamination</a></li>" : "") +
         "<li><a href=\"#examples\">Examples</a></li></ul></nav>\n</header>\n";
}

}  // namespace

std::string report_html(const EvalReport& report, const PagePicture& picture) {
  const std::string style = std::string(report_style()) + std::string(line_chart_style()) + kStyle;
  const std::string script = std::string(report_zoom_script()) + std::string(line_chart_script());
  return html_head(report.task.name + ": evaluation", style, script) + "<body>\n" + header(report) +
         "<main>\n" + results(report) + comparisons(report) + groups(report) + curves(report) +
         contamination(report) + report_examples(report, picture) + "</main>\n" +
         std::string(report_zoom_dialog()) +
         fmt::format(
             "<footer class=\"small soft\">This file loads nothing from anywhere.</footer>"
             "\n<script>{}</script>\n</body>\n</html>\n",
             script);
}

}  // namespace recto
