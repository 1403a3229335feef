#include "eval/report.h"

#include <functional>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "eval/trec.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

double main_score(const MetricValues& values) {
  const auto found = values.find(kMainMetric);
  return found == values.end() ? 0 : found->second;
}

/// Means over the queries of a group, by the group's name.
Json grouped_means(const RetrievalTask& task, const SystemResult& result,
                   const std::function<const std::string&(const QueryRow&)>& group_of) {
  std::map<std::string, std::map<std::string, MetricValues>> groups;
  for (const QueryRow& query : task.queries) {
    const auto found = result.per_query.find(query.query_id);
    if (found != result.per_query.end()) groups[group_of(query)].insert(*found);
  }
  Json out = Json::object();
  for (const auto& [name, per_query] : groups) {
    Json entry = mean_metrics(per_query);
    entry["queries"] = per_query.size();
    out[name] = std::move(entry);
  }
  return out;
}

Json system_json(const RetrievalTask& task, const SystemResult& result) {
  return {{"description", result.description},
          {"queries", result.per_query.size()},
          {"main_score", main_score(result.mean)},
          {"metrics", result.mean},
          {"by_language", grouped_means(task, result,
                                        [](const QueryRow& query) -> const std::string& {
                                          return query.language;
                                        })},
          {"by_kind", grouped_means(task, result, [](const QueryRow& query) -> const std::string& {
             return query.kind;
           })}};
}

Json run_json(const EvalReport& report) {
  const auto pages = static_cast<double>(report.task.page_ids.size());
  const auto queries = static_cast<double>(report.task.queries.size());
  const auto rate = [](double count, double seconds) { return seconds > 0 ? count / seconds : 0; };
  return {{"page_seconds", report.page_seconds},
          {"query_seconds", report.query_seconds},
          {"pages_per_second", rate(pages, report.page_seconds)},
          {"queries_per_second", rate(queries, report.query_seconds)}};
}

void write_per_query(const fs::path& path, const SystemResult& result) {
  AtomicFile file(path);
  for (const auto& [query, values] : result.per_query) {
    Json line = values;
    line["query_id"] = query;
    file.write(dump_json(line) + "\n");
  }
  file.commit();
}

}  // namespace

Json results_json(const EvalReport& report) {
  const RetrievalTask& task = report.task;
  const SystemResult& first = report.systems.front();
  Json scores = first.mean;
  scores["hf_subset"] = "default";
  scores["languages"] = task.languages();
  scores["main_score"] = main_score(first.mean);
  Json systems = Json::object();
  for (const SystemResult& result : report.systems) {
    systems[result.name] = system_json(task, result);
  }
  return {{"task_name", task.name},
          {"dataset_revision", task.revision},
          {"mteb_version", nullptr},
          {"evaluation_time", nullptr},
          {"kg_co2_emissions", nullptr},
          {"scores", {{task.split, Json::array({std::move(scores)})}}},
          {"recto",
           {{"format_version", 1},
            {"main_metric", kMainMetric},
            {"model", report.model},
            {"contract", report.contract},
            {"dimensions", report.dimensions},
            {"pages", task.page_ids.size()},
            {"queries", task.queries.size()},
            {"queries_without_qrels", task.queries_without_qrels},
            {"systems", std::move(systems)}}}};
}

void write_report(const fs::path& directory, const EvalReport& report) {
  StagedDirectory staged(directory);
  write_file(staged.path() / "results.json", pretty_json(results_json(report)));
  write_file(staged.path() / "run.json", pretty_json(run_json(report)));
  bool first = true;
  for (const SystemResult& result : report.systems) {
    const std::string suffix = first ? "" : "." + result.name;
    first = false;
    write_per_query(staged.path() / ("per_query" + suffix + ".jsonl"), result);
    if (result.run.empty()) continue;
    write_run(staged.path() / ("run" + suffix + ".trec"), result.run, "recto-" + result.name);
  }
  staged.commit();
}

std::string summary_line(const std::string& label, const SystemResult& result,
                         const RetrievalTask& task) {
  const auto value = [&](const char* name) {
    const auto found = result.mean.find(name);
    return found == result.mean.end() ? 0.0 : found->second;
  };
  return fmt::format("{} nDCG@5 {:.4f} hit@1 {:.4f} queries {} pages {}", label, value("ndcg_at_5"),
                     value("hit_rate_at_1"), task.queries.size(), task.page_ids.size());
}

}  // namespace recto
