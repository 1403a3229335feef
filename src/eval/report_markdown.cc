#include <algorithm>

#include "eval/metrics.h"
#include "eval/report.h"

namespace recto {
namespace {

std::string interval_cell(const SystemResult& result, const std::string& metric) {
  const auto found = result.intervals.find(metric);
  if (found == result.intervals.end()) return "";
  return fmt::format("{:.4f} to {:.4f}", found->second.low, found->second.high);
}

/// Pages a second, milliseconds a query and bytes a page, as far as they are known.
std::string cost_cells(const EvalReport& report, const SystemResult& result) {
  const double pages = pages_per_second(report, result);
  const double query = 1000 * seconds_per_query(report, result);
  const int64_t bytes = result.cost.bytes_per_page;
  return fmt::format("{} | {} | {}", pages > 0 ? rate_text(pages) : "",
                     query > 0 ? fmt::format("{:.2g}", query) : "",
                     bytes > 0 ? std::to_string(bytes) : "");
}

std::string systems_table(const EvalReport& report) {
  std::vector<std::string> others = {"ndcg_at_5", "ndcg_at_10", "recall_at_10", "mrr_at_10",
                                     "hit_rate_at_1"};
  others.erase(std::remove(others.begin(), others.end(), report.main_metric), others.end());
  const bool within = std::any_of(report.systems.begin(), report.systems.end(),
                                  [](const auto& one) { return !one.within.empty(); });
  std::string out = fmt::format("| system | {} | 95 % |", metric_title(report.main_metric));
  std::string rule = "|---|---|---|";
  for (const std::string& metric : others) {
    out += fmt::format(" {} |", metric_title(metric));
    rule += "---|";
  }
  if (within) {
    out += fmt::format(" {} within the document |", metric_title(report.main_metric));
    rule += "---|";
  }
  out += " pages/s | ms a query | bytes a page |\n" + rule + "---|---|---|\n";
  for (const SystemResult& result : report.systems) {
    out += fmt::format("| {} | {:.4f} | {} |", result.name,
                       metric_value(result.mean, report.main_metric),
                       interval_cell(result, report.main_metric));
    for (const std::string& metric : others) {
      out += fmt::format(" {:.4f} |", metric_value(result.mean, metric));
    }
    if (within) out += fmt::format(" {:.4f} |", metric_value(result.within, report.main_metric));
    out += " " + cost_cells(report, result) + " |\n";
  }
  if (report.peak_memory_bytes > 0) {
    out += fmt::format("\nPeak memory of the command: {:.2f} GB.\n",
                       static_cast<double>(report.peak_memory_bytes) / 1e9);
  }
  return out;
}

std::string comparisons_table(const EvalReport& report) {
  if (report.comparisons.empty()) return "";
  std::string out = fmt::format(
      "\n| {} | difference | 95 % | p | p (Holm) | effect | win/tie/loss | |\n|---|---|---|---|---|"
      "---|---|---|\n",
      metric_title(report.main_metric));
  for (const PairComparison& c : report.comparisons) {
    out += fmt::format(
        "| {} - {} | {:+.4f} | {:+.4f} to {:+.4f} | {:.4f} | {:.4f} | {} | "
        "{} | {} |\n",
        c.first, c.second, c.difference, c.bootstrap.interval.low, c.bootstrap.interval.high,
        c.test.p, c.p_holm, c.effect ? fmt::format("{:+.2f}", *c.effect) : "", win_tie_loss(c),
        c.verdict());
  }
  const std::string chance = chance_text(report.comparisons);
  return chance.empty() ? out : out + "\nComparisons " + chance + ".\n";
}

std::string contamination_lines(const EvalReport& report) {
  if (!report.contamination) return "";
  const Contamination& found = *report.contamination;
  std::string out = fmt::format(
      "\n{} The training data has {} documents, {} pages and {} queries of this task; {} of "
      "{} queries are touched.\n",
      contamination_verdict(found), found.documents, found.pages, found.queries,
      found.touched.size(), report.task.queries.size());
  if (!found.is_flagged()) return out;
  for (const SystemResult& result : report.systems) {
    const MetricValues rest = mean_without(result.per_query, found.touched);
    out += fmt::format(
        "{}: {} {:.4f} with and {} without them.\n", result.name, metric_title(report.main_metric),
        metric_value(result.mean, report.main_metric),
        rest.empty() ? "none left" : fmt::format("{:.4f}", metric_value(rest, report.main_metric)));
  }
  return out;
}

}  // namespace

std::string rate_text(double rate) {
  constexpr double kWhole = 100;
  return rate >= kWhole ? fmt::format("{:.0f}", rate) : fmt::format("{:.3g}", rate);
}

std::string markdown_table(const EvalReport& report) {
  std::string head = fmt::format("{} queries, {} pages, split {}.", report.task.queries.size(),
                                 report.task.page_ids.size(), report.task.split);
  for (const std::string& remark : task_remarks(report)) head += " " + remark + ".";
  return head + "\n\n" + systems_table(report) + comparisons_table(report) +
         contamination_lines(report) + "\nResampling: " + resampling_text(report.resampling) +
         ".\n";
}

}  // namespace recto
