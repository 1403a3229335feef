#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/html.h"
#include "learn/train_report.h"

namespace recto {
namespace {

// ---- measurements

bool is_measurement(const Json& line) {
  return !line.contains("warning") && !line.contains("loss") && !line.contains("hard_negatives");
}

/// What the best step is chosen by, where there is such a measure.
double quality(const Json& line) { return line.value("ndcg_at_10", line.value("ndcg_at_5", 0.0)); }

struct Measured {
  std::string name;
  const Json* line;
};

/// Before, best, last, and the mean of several steps, as far as they are there and differ.
std::vector<Measured> measurements(const std::vector<Json>& metrics) {
  const Json* first = nullptr;
  const Json* best = nullptr;
  const Json* last = nullptr;
  const Json* mean = nullptr;
  for (const Json& line : metrics) {
    if (!is_measurement(line)) continue;
    if (line.contains("mean_of")) {
      mean = &line;
      continue;
    }
    if (first == nullptr) first = &line;
    if (best == nullptr || quality(line) > quality(*best)) best = &line;
    last = &line;
  }
  const auto at = [](const char* name, const Json* line) {
    return Measured{fmt::format("{} (step {})", name, line->at("step").dump()), line};
  };
  std::vector<Measured> out;
  if (first != nullptr) out.push_back(at(first->at("step") == 0 ? "Before" : "First", first));
  if (best != nullptr && best != first && best != last) out.push_back(at("Best", best));
  if (last != first) out.push_back(at("Last", last));
  if (mean != nullptr) out.push_back({"Mean of steps", mean});
  return out;
}

/// Measures as they are shown, then sizes.
std::vector<std::string> measure_keys(const Json& line) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : line.items()) {
    if (value.is_number() && key != "step") keys.push_back(key);
  }
  std::stable_sort(keys.begin(), keys.end(), [](const std::string& a, const std::string& b) {
    return measure_rank(a) < measure_rank(b);
  });
  return keys;
}

std::string cell(const Json& value) {
  if (value.is_number_integer()) return grouped_number(value.get<int64_t>());
  if (value.is_number()) return fmt::format("{:.4f}", value.get<double>());
  return "";
}

std::string change(const Json& before, const Json& after) {
  if (!before.is_number_float() || !after.is_number_float()) return "";
  const double difference = after.get<double>() - before.get<double>();
  return fmt::format("<span class=\"{}\">{:+.4f}</span>", difference < 0 ? "worse" : "better",
                     difference);
}

std::string results(const TrainReport& report) {
  const std::vector<Measured> columns = measurements(report.metrics);
  std::string out = "<section id=\"results\">\n<h2>Held-out retrieval</h2>\n";
  if (columns.empty()) return out + "<p>Nothing was held out.</p>\n</section>\n";
  out += "<div class=\"panel scroll\"><table><thead><tr><th scope=\"col\">Measure</th>";
  for (const Measured& column : columns) {
    out += "<th scope=\"col\" class=\"number\">" + html_escaped(column.name) + "</th>";
  }
  const bool changed = columns.size() > 1;
  if (changed) out += "<th scope=\"col\" class=\"number\">Change</th>";
  out += "</tr></thead><tbody>\n";
  for (const std::string& key : measure_keys(*columns.front().line)) {
    const Json& value = columns.front().line->at(key);
    out += "<tr><th scope=\"row\">" + html_escaped(measure_name(key)) + "</th>";
    for (const Measured& column : columns) {
      out += "<td class=\"number\">" + cell(column.line->value(key, Json())) + "</td>";
    }
    if (changed) {
      const Json after = columns.back().line->value(key, Json());
      out += "<td class=\"number\">" + change(value, after) + "</td>";
    }
    out += "</tr>\n";
  }
  return out +
         "</tbody></table></div>\n<p class=\"small soft\">These numbers watch a training; "
         "those to report are of <code>recto eval</code> on the test split.</p>\n"
         "</section>\n";
}

// ---- warnings

/// "what: loss, value: nan, queries: 3 of them"
std::string details_text(const Json& line) {
  std::string out;
  for (const auto& [key, value] : line.items()) {
    if (key == "step" || key == "warning") continue;
    if (!out.empty()) out += ", ";
    out += key + ": ";
    if (value.is_string()) {
      out += value.get<std::string>();
    } else if (value.is_array() && value.size() > 4) {
      out += fmt::format("{} and {} more", dump_json(value[0]), value.size() - 1);
    } else {
      out += dump_json(value);
    }
  }
  return out;
}

std::string warnings(const TrainReport& report) {
  constexpr size_t kMost = 100;
  std::string rows;
  size_t count = 0;
  for (const Json& line : report.metrics) {
    if (!line.contains("warning") || ++count > kMost) continue;
    const Json& kind = line["warning"];
    rows += fmt::format(
        "<tr><td class=\"number\">{}</td><th scope=\"row\">{}</th><td>{}</td></tr>\n",
        line["step"].dump(), html_escaped(kind.is_string() ? kind.get<std::string>() : kind.dump()),
        html_escaped(details_text(line)));
  }
  std::string out = "<section id=\"warnings\">\n<h2>Warnings</h2>\n";
  if (count == 0) return out + "<p>None.</p>\n</section>\n";
  if (count > kMost) {
    out += fmt::format("<p class=\"soft\">The first {} of {}.</p>\n", kMost,
                       grouped_number(static_cast<int64_t>(count)));
  }
  return out +
         "<div class=\"panel scroll\"><table><thead><tr><th scope=\"col\" class=\"number\">"
         "Step</th><th scope=\"col\">What</th><th scope=\"col\">Details</th></tr></thead>"
         "<tbody>\n" +
         rows + "</tbody></table></div>\n</section>\n";
}

// ---- curves

std::string curves(const TrainReport& report) {
  std::string panels;
  for (const LineChart& chart : training_curves(report.metrics)) panels += line_chart(chart);
  std::string out = "<section id=\"curves\">\n<h2>Curves</h2>\n";
  if (panels.empty()) return out + "<p>No step was taken.</p>\n</section>\n";
  return out + "<div class=\"panels curves\">\n" + panels + "</div>\n</section>\n";
}

// ---- data

ReportShares shares_by(const char* title, const std::vector<ReportedPairs>& mix,
                       std::string ReportedPairs::* property) {
  std::map<std::string, int64_t> counts;
  for (const ReportedPairs& pairs : mix) counts[pairs.*property] += pairs.pairs;
  ReportShares out{title, {}};
  for (const auto& [name, count] : counts) out.counts.push_back({name, count});
  std::stable_sort(out.counts.begin(), out.counts.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  return out;
}

std::string name_or_unknown(const std::string& name) {
  return name.empty() ? "<span class=\"soft\">unknown</span>" : html_escaped(name);
}

std::string mix_table(const std::vector<ReportedPairs>& mix) {
  std::string out =
      "<details class=\"panel scroll\"><summary>Every source, language and kind</summary><table>"
      "<thead><tr><th scope=\"col\">Source</th><th scope=\"col\">Language</th><th scope=\"col\">"
      "Kind</th><th scope=\"col\" class=\"number\">Pairs</th><th scope=\"col\" class=\"number\">"
      "With hard negatives</th></tr></thead><tbody>\n";
  for (const ReportedPairs& pairs : mix) {
    out += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"number\">{}</td>"
        "<td class=\"number\">{:.1f} %</td></tr>\n",
        name_or_unknown(pairs.source), name_or_unknown(pairs.language), name_or_unknown(pairs.kind),
        grouped_number(pairs.pairs), 100 * share_of(pairs.with_negatives, pairs.pairs));
  }
  return out + "</tbody></table></details>\n";
}

std::string data(const TrainReport& report) {
  int64_t pairs = 0;
  int64_t with_negatives = 0;
  for (const ReportedPairs& part : report.mix) {
    pairs += part.pairs;
    with_negatives += part.with_negatives;
  }
  return fmt::format(
             "<section id=\"data\">\n<h2>Data</h2>\n<p>{} of {} pairs ({:.1f} %) have a query with "
             "hard negatives.</p>\n<div class=\"panels\">\n",
             grouped_number(with_negatives), grouped_number(pairs),
             100 * share_of(with_negatives, pairs)) +
         report_shares(shares_by("Sources", report.mix, &ReportedPairs::source)) +
         report_shares(shares_by("Languages", report.mix, &ReportedPairs::language)) +
         report_shares(shares_by("Kinds of queries", report.mix, &ReportedPairs::kind)) +
         "</div>\n" + mix_table(report.mix) + "</section>\n";
}

// ---- examples

std::string document(const char* role, const ReportedDocument& document) {
  const std::string content =
      document.passage.empty()
          ? report_figure(document.page)
          : "<p class=\"passage small\" dir=\"auto\">" + html_escaped(document.passage) + "</p>";
  return fmt::format("<li class=\"{0}\"><p class=\"role small\">{0}</p>{1}</li>", role, content);
}

std::string example(const ReportedExample& example) {
  std::string tags;
  for (const std::string& tag : example.tags) {
    if (!tag.empty()) tags += "<li>" + html_escaped(tag) + "</li>";
  }
  std::string documents = document("positive", example.positive);
  for (const ReportedDocument& negative : example.negatives) {
    documents += document("negative", negative);
  }
  return fmt::format(
      "<li class=\"panel\"><p class=\"query\" dir=\"auto\">{}</p><ul class=\"tags\">{}</ul>"
      "<ul class=\"documents{}\">{}</ul></li>\n",
      html_escaped(example.query), tags, example.positive.passage.empty() ? "" : " texts",
      documents);
}

std::string examples(const TrainReport& report, size_t budget) {
  const auto [drawn, shown] = report_fitting(report.examples, budget, example);
  const int64_t total = std::max(report.examples_total, std::ssize(report.examples));
  std::string out = "<section id=\"examples\">\n<h2>Hard negatives</h2>\n";
  if (total == 0) return out + "<p>No query has hard negatives.</p>\n</section>\n";
  return out +
         fmt::format(
             "<p class=\"soft\">{} of {} queries with hard negatives, drawn at random; each with a "
             "page that answers it and the hardest that do not.</p>\n<ul class=\"examples\">\n{}"
             "</ul>\n</section>\n",
             grouped_number(static_cast<int64_t>(shown)), grouped_number(total), drawn);
}

// ---- facts

std::string facts_table(const ReportedFacts& facts) {
  std::string out = "<table class=\"facts\"><tbody>\n";
  for (const auto& [name, value] : facts) {
    out += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", html_escaped(name),
                       html_escaped(value));
  }
  return out + "</tbody></table>";
}

std::string facts(const TrainReport& report) {
  return "<section id=\"run\">\n<h2>Run</h2>\n<div class=\"panels\">\n<div class=\"panel\"><h3>"
         "What was trained</h3>" +
         facts_table(report.facts) + "</div>\n<div class=\"panel\"><h3>Memory and speed</h3>" +
         facts_table(report.resources) + "</div>\n</div>\n</section>\n";
}

std::string settings(const TrainReport& report) {
  std::string rows;
  for (const auto& [name, value] : report.settings.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : dump_json(value);
    rows += fmt::format("<div><dt><code>{}</code></dt><dd><code>{}</code></dd></div>\n",
                        html_escaped(name), html_escaped(text));
  }
  return "<section id=\"settings\">\n<h2>Settings</h2>\n<dl class=\"panel settings\">\n" + rows +
         "</dl>\n</section>\n";
}

// ---- page

constexpr const char* kStyle = R"css(
.curves { grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); }
.better { color: var(--good); } .worse { color: var(--bad); }
.examples { display: grid; gap: 1rem; list-style: none; margin: 1rem 0; padding: 0; }
.documents { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(11rem, 45%), 1fr));
             gap: .75rem; list-style: none; margin: 0; padding: 0; }
.documents.texts { grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr)); }
.documents li { min-width: 0; }
section > p + .panels { margin-top: .75rem; }
.role { margin: 0 0 .25rem; font-weight: 600; color: var(--soft); }
.role::first-letter { text-transform: uppercase; }
.positive .role { color: var(--good); }
.positive .thumb { border: 2px solid var(--good); }
.passage { border: 1px solid var(--line); border-radius: .25rem; padding: .5rem; margin: 0;
           max-height: 16rem; overflow-y: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.settings { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr));
            gap: .3rem 2rem; margin: 0; }
.settings div { display: flex; gap: 1rem; justify-content: space-between; min-width: 0;
                border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
.settings dt { color: var(--soft); flex: none; }
.settings dd { margin: 0; text-align: right; min-width: 0; overflow-wrap: anywhere; }
.facts td { overflow-wrap: anywhere; } .facts th { width: 34%; }
summary { color: var(--bar); }
details.panel { margin-top: 1rem; }
)css";

std::string page_header(const TrainReport& report) {
  return fmt::format(
             "<header class=\"page\">\n<h1><bdi>{}</bdi></h1>\n<p>{}</p>\n<p class=\"soft\">"
             "Training report by {}.</p>\n",
             html_escaped(report.title), html_escaped(report.state), html_escaped(report.made_by)) +
         report_tiles(report.totals) +
         "<nav aria-label=\"Sections\"><ul><li><a href=\"#results\">Results</a></li><li>"
         "<a href=\"#curves\">Curves</a></li><li><a href=\"#warnings\">Warnings</a></li><li>"
         "<a href=\"#data\">Data</a></li><li><a href=\"#examples\">Hard negatives</a></li><li>"
         "<a href=\"#run\">Run</a></li><li><a href=\"#settings\">Settings</a></li></ul></nav>\n"
         "</header>\n";
}

}  // namespace

std::string train_report_html(const TrainReport& report, size_t max_bytes) {
  const std::string style = std::string(report_style()) + std::string(line_chart_style()) + kStyle;
  const std::string script = std::string(report_zoom_script()) + std::string(line_chart_script());
  std::string out = html_head(report.title + ": training report", style, script) + "<body>\n" +
                    page_header(report) + "<main>\n" + results(report) + curves(report) +
                    warnings(report) + data(report);
  const std::string end = fmt::format(
      "{}{}</main>\n{}<footer class=\"small soft\">Made by {}. This file loads nothing from "
      "anywhere.</footer>\n<script>{}</script>\n</body>\n</html>\n",
      facts(report), settings(report), report_zoom_dialog(), html_escaped(report.made_by), script);
  constexpr size_t kFrame = 512;  // of the section itself
  const size_t taken = out.size() + end.size() + kFrame;
  return out + examples(report, max_bytes - std::min(max_bytes, taken)) + end;
}

}  // namespace recto
