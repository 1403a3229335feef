#include "eval/set_means.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace recto {

namespace {

/// The one of the task's prefixes that the query has, the longest of several.
std::string prefix_of(const RetrievalTask& task, const std::string& query) {
  std::string found;
  for (const std::string& prefix : task.prefixes) {
    if (query.starts_with(prefix) && prefix.size() > found.size()) found = prefix;
  }
  return found;
}

/// Per-query values of one system by the prefix of the query.
std::map<std::string, std::map<std::string, MetricValues>> by_prefix(const RetrievalTask& task,
                                                                     const SystemResult& system) {
  std::map<std::string, std::map<std::string, MetricValues>> out;
  for (const auto& [query, values] : system.per_query) {
    out[prefix_of(task, query)].emplace(query, values);
  }
  return out;
}

/// Means of the subsets by system and prefix.
using SubsetMeans = std::map<std::string, std::map<std::string, double>>;

void add_subsets(const EvalReport& report, SubsetMeans& means) {
  for (const SystemResult& system : report.systems) {
    for (const auto& [prefix, values] : by_prefix(report.task, system)) {
      means[system.name][prefix] = metric_value(mean_metrics(values), report.main_metric);
    }
  }
}

SetMean mean_of(const std::string& set, const std::string& metric, const SubsetMeans& means) {
  SetMean out{set, metric, {}, {}};
  size_t most = 0;
  for (const auto& [system, subsets] : means) most = std::max(most, subsets.size());
  for (const auto& [system, subsets] : means) {
    if (subsets.size() < most) continue;  // not in all tasks
    double sum = 0;
    out.subsets.clear();
    for (const auto& [prefix, mean] : subsets) {
      sum += mean;
      out.subsets.push_back(prefix_name(prefix));
    }
    out.systems[system] = sum / static_cast<double>(subsets.size());
  }
  return out;
}

}  // namespace

std::vector<SetMean> set_means(const std::vector<EvalReport>& reports) {
  std::map<std::string, SubsetMeans> sets;
  for (const EvalReport& report : reports) {
    if (!report.task.set.empty()) add_subsets(report, sets[report.task.set]);
  }
  std::vector<SetMean> out;
  out.reserve(sets.size());
  for (const auto& [set, means] : sets) {
    out.push_back(mean_of(set, reports.front().main_metric, means));
  }
  return out;
}

std::string set_mean_table(const SetMean& mean) {
  std::string out = fmt::format(
      "### {}\n\nMean over its {} subsets: {}.\n\n| system | {} |\n|---|---|\n", mean.set,
      mean.subsets.size(), fmt::join(mean.subsets, ", "), metric_title(mean.metric));
  for (const auto& [system, value] : mean.systems) {
    out += fmt::format("| {} | {:.4f} |\n", system, value);
  }
  return out;
}

std::string prefix_name(const std::string& prefix) {
  const size_t end = prefix.find_last_not_of("-_/");
  std::string name = end == std::string::npos ? std::string("default") : prefix.substr(0, end + 1);
  std::replace(name.begin(), name.end(), '/', '-');
  return name;
}

}  // namespace recto
