#include "eval/report.h"

#include <set>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "eval/groups.h"
#include "eval/report_html.h"
#include "eval/set_means.h"
#include "eval/trec.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

/// Means over the queries of each group, by the group's name.
Json groups_json(const std::map<std::string, GroupMean>& groups) {
  Json out = Json::object();
  for (const auto& [name, group] : groups) {
    Json entry = group.mean;
    entry["queries"] = group.queries;
    out[name] = std::move(entry);
  }
  return out;
}

Json intervals_json(const std::map<std::string, Interval>& intervals) {
  Json out = Json::object();
  for (const auto& [metric, interval] : intervals) out[metric] = {interval.low, interval.high};
  return out;
}

Json system_json(const EvalReport& report, const SystemResult& result) {
  Json out = {{"description", result.description},
              {"queries", result.per_query.size()},
              {"queries_missing", result.queries_missing},
              {"queries_unknown", result.queries_unknown},
              {"main_score", metric_value(result.mean, report.main_metric)},
              {"metrics", result.mean},
              {"ci95", intervals_json(result.intervals)},
              {"bytes_per_page", result.cost.bytes_per_page},
              {"by_language", Json::object()},
              {"by_kind", Json::object()},
              {"macro", Json::object()},
              {"within_document",
               {{"queries", result.within_per_query.size()}, {"metrics", result.within}}}};
  for (const QueryGrouping& grouping : query_groupings(report.task)) {
    const auto groups = grouped_means(grouping, result.per_query);
    out["by_" + grouping.name] = groups_json(groups);
    out["macro"][grouping.name] = macro_mean(groups);
  }
  return out;
}

/// Of the first system: one for all queries, or one for each language.
Json subset_scores(const EvalReport& report) {
  const SystemResult& first = report.systems.front();
  const auto entry = [&](const MetricValues& mean, const std::string& subset, Json languages) {
    Json scores = mean;
    scores["hf_subset"] = subset;
    scores["languages"] = std::move(languages);
    scores["main_score"] = metric_value(mean, report.main_metric);
    return scores;
  };
  Json out = Json::array();
  if (!report.language_subsets) {
    out.push_back(entry(first.mean, "default", report.task.languages()));
    return out;
  }
  QueryGrouping languages{"language", {}};
  for (const QueryRow& query : report.task.queries) {
    languages.group_of[query.query_id] = query.language.empty() ? "default" : query.language;
  }
  for (const auto& [language, group] : grouped_means(languages, first.per_query)) {
    out.push_back(entry(group.mean, language, Json::array({language})));
  }
  return out;
}

Json contamination_json(const EvalReport& report) {
  if (!report.contamination) return nullptr;
  const Contamination& found = *report.contamination;
  Json without = Json::object();
  for (const SystemResult& result : report.systems) {
    const MetricValues rest = mean_without(result.per_query, found.touched);
    without[result.name] = {
        {"with", metric_value(result.mean, report.main_metric)},
        {"without", rest.empty() ? Json(nullptr) : Json(metric_value(rest, report.main_metric))}};
  }
  return {{"training", found.training},
          {"flagged", found.is_flagged()},
          {"training_pages", found.training_pages},
          {"training_queries", found.training_queries},
          {"documents", found.documents},
          {"pages", found.pages},
          {"queries", found.queries},
          {"touched_queries", found.touched.size()},
          {"untouched_queries", report.task.queries.size() - found.touched.size()},
          {"metric", report.main_metric},
          {"systems", std::move(without)}};
}

Json resampling_json(const Resampling& resampling) {
  return {{"seed", resampling.seed},
          {"bootstrap_samples", resampling.resamples},
          {"permutations", resampling.permutations},
          {"exact_up_to", kExactDifferences},
          {"confidence", 0.95},
          {"correction", "holm"}};
}

double rate(size_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

Json cost_json(const EvalReport& report, const SystemResult& result) {
  return {{"page_seconds", result.cost.page_seconds},
          {"pages_per_second", pages_per_second(report, result)},
          {"query_seconds", result.cost.query_seconds},
          {"seconds_per_query", seconds_per_query(report, result)},
          {"bytes_per_page", result.cost.bytes_per_page}};
}

Json run_json(const EvalReport& report) {
  Json systems = Json::object();
  for (const SystemResult& result : report.systems) {
    if (!result.run.empty()) systems[result.name] = cost_json(report, result);
  }
  return {{"page_seconds", report.page_seconds},
          {"query_seconds", report.query_seconds},
          {"pages_per_second", rate(report.task.page_ids.size(), report.page_seconds)},
          {"queries_per_second", rate(report.task.queries.size(), report.query_seconds)},
          {"peak_memory_bytes", report.peak_memory_bytes},
          {"systems", std::move(systems)}};
}

void write_per_query(const fs::path& path, const std::map<std::string, MetricValues>& per_query) {
  AtomicFile file(path);
  for (const auto& [query, values] : per_query) {
    Json line = values;
    line["query_id"] = query;
    file.write(dump_json(line) + "\n");
  }
  file.commit();
}

void write_files(const fs::path& directory, const EvalReport& report, const PagePicture& picture) {
  write_file(directory / "results.json", pretty_json(results_json(report)));
  write_file(directory / "run.json", pretty_json(run_json(report)));
  write_file(directory / "table.md", markdown_table(report));
  write_file(directory / "report.html", report_html(report, picture));
  bool first = true;
  for (const SystemResult& result : report.systems) {
    const std::string suffix = first ? "" : "." + result.name;
    first = false;
    write_per_query(directory / ("per_query" + suffix + ".jsonl"), result.per_query);
    if (!result.within_per_query.empty()) {
      write_per_query(directory / ("within_document" + suffix + ".jsonl"), result.within_per_query);
    }
    if (result.run.empty()) continue;
    write_run(directory / ("run" + suffix + ".trec"), result.run, "recto-" + result.name);
  }
}

/// A name for each report's directory.
std::vector<std::string> report_names(const std::vector<EvalReport>& reports) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const EvalReport& report : reports) {
    std::string name = report.task.name;
    for (int i = 2; !taken.insert(name).second; ++i) {
      name = fmt::format("{}-{}", report.task.name, i);
    }
    names.push_back(name);
  }
  return names;
}

}  // namespace

double main_score(const EvalReport& report) {
  double sum = 0;
  const Json scores = subset_scores(report);
  for (const Json& subset : scores) sum += subset.at("main_score").get<double>();
  return scores.empty() ? 0 : sum / static_cast<double>(scores.size());
}

Json results_json(const EvalReport& report) {
  const RetrievalTask& task = report.task;
  Json systems = Json::object();
  for (const SystemResult& result : report.systems) {
    systems[result.name] = system_json(report, result);
  }
  Json comparisons = Json::array();
  for (const PairComparison& one : report.comparisons) comparisons.push_back(comparison_json(one));
  return {{"task_name", task.name},
          {"dataset_revision", task.revision},
          {"mteb_version", nullptr},
          {"evaluation_time", nullptr},
          {"kg_co2_emissions", nullptr},
          {"scores", {{task.split, subset_scores(report)}}},
          {"recto",
           {{"format_version", 1},
            {"main_metric", report.main_metric},
            {"main_score", main_score(report)},
            {"model", report.model},
            {"contract", report.contract},
            {"dimensions", report.dimensions},
            {"pages", task.page_ids.size()},
            {"texts_only", task.texts_only},
            {"queries", task.queries.size()},
            {"queries_without_qrels", task.queries_without_qrels},
            {"judgements_without_page", task.judgements_without_page},
            {"resampling", resampling_json(report.resampling)},
            {"comparisons", std::move(comparisons)},
            {"contamination", contamination_json(report)},
            {"systems", std::move(systems)}}}};
}

void write_report(const fs::path& directory, const EvalReport& report, const PagePicture& picture) {
  StagedDirectory staged(directory);
  write_files(staged.path(), report, picture);
  staged.commit();
}

void write_reports(const fs::path& directory, const std::vector<EvalReport>& reports,
                   const std::function<PagePicture(size_t report)>& picture) {
  StagedDirectory staged(directory);
  const std::vector<std::string> names = report_names(reports);
  Json comparisons = Json::array();
  std::string tables;
  for (size_t i = 0; i < reports.size(); ++i) {
    make_directories(staged.path() / names[i]);
    write_files(staged.path() / names[i], reports[i], picture ? picture(i) : nullptr);
    tables += fmt::format("### {}\n\n{}\n", names[i], markdown_table(reports[i]));
    for (const PairComparison& one : reports[i].comparisons) {
      comparisons.push_back(comparison_json(one));
      comparisons.back()["task"] = names[i];
    }
  }
  Json sets = Json::array();
  for (const SetMean& mean : set_means(reports)) {
    sets.push_back({{"set", mean.set},
                    {"metric", mean.metric},
                    {"subsets", mean.subsets},
                    {"main_scores", mean.systems}});
    tables += set_mean_table(mean) + "\n";
  }
  write_file(staged.path() / "comparisons.json",
             pretty_json({{"resampling", resampling_json(reports.front().resampling)},
                          {"tasks", names},
                          {"sets", std::move(sets)},
                          {"comparisons", std::move(comparisons)}}));
  write_file(staged.path() / "table.md", tables);
  staged.commit();
}

std::vector<std::string> task_remarks(const EvalReport& report) {
  std::vector<std::string> out;
  if (report.has_no_words) out.emplace_back("BM25 is left out: no page has a text");
  if (const int64_t absent = report.task.judgements_without_page; absent > 0) {
    out.push_back(
        fmt::format("{} judgements are of pages that the corpus does not have; they stay in the "
                    "best order that rankings are measured by, and none finds them",
                    absent));
  }
  return out;
}

std::string summary_line(const std::string& label, const SystemResult& result,
                         const RetrievalTask& task) {
  return fmt::format("{} nDCG@5 {:.4f} hit@1 {:.4f} queries {} pages {}", label,
                     metric_value(result.mean, "ndcg_at_5"),
                     metric_value(result.mean, "hit_rate_at_1"), task.queries.size(),
                     task.page_ids.size());
}

}  // namespace recto
