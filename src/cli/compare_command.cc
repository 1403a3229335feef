// recto compare: runs against each other on the same judgements.
#include <memory>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/resampling_options.h"
#include "eval/evaluation.h"

namespace recto {
namespace {

struct Options {
  std::vector<std::string> runs;
  std::string qrels, output;
  std::string metric = kMainMetric;
  Resampling resampling;
  bool json = false;
};

void print_comparison(const EvalReport& report) {
  for (const SystemResult& system : report.systems) {
    const Interval& interval = system.intervals.at(report.main_metric);
    print_result(fmt::format("{} {} {:.4f} [{:.4f}, {:.4f}] queries {}\n", system.name,
                             metric_title(report.main_metric),
                             metric_value(system.mean, report.main_metric), interval.low,
                             interval.high, report.task.queries.size()));
  }
  for (const PairComparison& one : report.comparisons) print_result(comparison_text(one));
  print_result(resampling_text(report.resampling) + "\n");
}

int run(const Options& options) {
  EvaluationPlan plan;
  plan.qrels = options.qrels;
  plan.main_metric = options.metric;
  plan.resampling = options.resampling;
  for (const std::string& text : options.runs) plan.runs.push_back(parse_named_run(text));
  if (plan.runs.size() < 2) {
    fail(ErrorCode::kUsage, "one run alone compares with nothing; name two or more");
  }
  if (!options.output.empty()) {
    const StagedDirectory writable(options.output);
  }
  const Evaluation evaluation(plan);
  if (!options.output.empty()) evaluation.write(options.output);
  const EvalReport& report = evaluation.reports().front();
  if (options.json) {
    print_result(pretty_json(results_json(report)));
  } else {
    print_comparison(report);
  }
  return 0;
}

}  // namespace

void add_compare_command(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App& app = line.add_command(
      "compare", "Whether TREC runs differ: intervals, p values and effect of every pair",
      [options] { return run(*options); });
  add_paths(app, "runs", options->runs, "TREC runs, as PATH or NAME=PATH");
  add_setting(app, "qrels", options->qrels, "Judgements, of TREC or BEIR", kInputGroup)
      ->type_name("FILE")
      ->required();
  add_setting(app, "metric", options->metric, "What the runs are compared by", kInputGroup)
      ->type_name("METRIC");
  add_setting(app, "output", options->output,
              "New directory for results.json, report.html, table.md and per-query tables",
              kOutputGroup)
      ->type_name("DIR");
  add_json_option(app, options->json);
  add_resampling_options(app, options->resampling);
}

}  // namespace recto
