// recto eval: a model measured on a dataset, beside BM25 and chance.
#include <memory>

#include "base/file.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "engine/cpu_embedder.h"
#include "eval/report.h"

namespace recto {
namespace {

struct Options {
  ModelOptions model;
  std::optional<int> dimensions;
  std::string data, output;
  std::string split = "test";
  std::string name = "model";
  int threads = 0;
  int64_t batch_tokens = EvalOptions().batch_tokens;
  bool json = false;
};

int run(const Options& options) {
  const StagedDirectory writable(options.output);
  const Dataset dataset = Dataset::open(options.data);
  const auto model = options.model.open();
  const int dimensions = options.dimensions.value_or(0);
  if (dimensions != 0) {
    truncate_dimensions(Matrix(0, model->contract().dimensions.front()), dimensions,
                        model->contract());
  }
  const auto embedder =
      make_cpu_embedder(model, {.threads = options.threads, .batch_tokens = options.batch_tokens});
  const EvalReport report =
      evaluate_retrieval(dataset, options.split, *embedder,
                         {.dimensions = dimensions,
                          .threads = options.threads > 0 ? options.threads : available_cores(),
                          .batch_tokens = options.batch_tokens});
  write_report(options.output, report);
  if (options.json) {
    print_result(pretty_json(results_json(report)));
    return 0;
  }
  for (const SystemResult& system : report.systems) {
    const std::string& label = system.name == "model" ? options.name : system.name;
    print_result(summary_line(label, system, report.task) + "\n");
  }
  return 0;
}

}  // namespace

void add_eval_command(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App& app = line.add_command(
      "eval", "nDCG, recall, MRR and hit rate of a model, beside BM25 and random order",
      [options] { return run(*options); });
  add_setting(app, "data", options->data, "Dataset directory, as curate writes it", kInputGroup)
      ->type_name("DIR")
      ->required();
  add_setting(app, "split", options->split, "Split to measure on", kInputGroup);
  add_output_option(app, options->output,
                    "New directory for results.json, per_query.jsonl and run.trec")
      ->type_name("DIR");
  add_setting(app, "name", options->name, "What to call the model in the printed table",
              kOutputGroup);
  add_json_option(app, options->json);
  add_model_options(app, options->model);
  add_dimensions_option(app, options->dimensions);
  add_threads_option(app, options->threads);
  add_batch_option(app, options->batch_tokens);
}

}  // namespace recto
