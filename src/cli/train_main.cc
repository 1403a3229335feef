// recto-train: the commands that need gradients, linked with libtorch. "recto train" starts it.
#include <cmath>
#include <memory>
#include <string_view>

#include "base/log.h"
#include "cli/command_line.h"
#include "cli/options.h"
#include "cli/train_options.h"
#include "learn/reading_trainer.h"
#include "learn/torch_setup.h"
#include "learn/trainer.h"
#include "learn/training_bench.h"
#include "model/shipped_model.h"

namespace recto {
namespace {

std::string held_out_line(const char* name, const HeldOutResult& result) {
  return fmt::format("{} nDCG@5 {:.4f} hit@1 {:.4f} queries {} pages {} nDCG@10 {:.4f}\n", name,
                     result.ndcg_at_5, result.hit_rate_at_1, result.queries, result.pages,
                     result.ndcg_at_10);
}

int run_train(const TrainSettings& settings) {
  const TrainResult result = train(settings);
  if (result.rank > 0) return 0;  // the first process tells it for all
  std::string text = fmt::format("steps {} skipped {}", result.steps, result.skipped);
  // A run that was finished before has taken no step.
  if (std::isfinite(result.last_loss)) text += fmt::format(" loss {:.4f}", result.last_loss);
  text += fmt::format(" pairs/s {:.2f}\n", result.pairs_per_second);
  if (result.before) text += held_out_line("held-out before", *result.before);
  if (result.after) text += held_out_line("held-out after", *result.after);
  print_result(text);
  return 0;
}

int run_reading(const TrainOptions& options) {
  const ReadingResult result = train_reading(options.settings, options.reading);
  std::string text = fmt::format("steps {} loss {:.4f} tiles/s {:.2f}\n", result.steps,
                                 result.last_loss, result.tiles_per_second);
  if (result.measure) text += "held-out " + result.measure->text() + "\n";
  print_result(text);
  return 0;
}

int run(TrainOptions& options) {
  if (options.settings.model.empty()) {
    options.settings.model = shipped_model(kNanoBase).string();
    log_debug("no model is named: {} is used", options.settings.model);
  }
  if (options.objective == "reading") return run_reading(options);
  refuse_reading_settings(options.reading);
  return run_train(options.settings);
}

void add_train_command(CommandLine& line) {
  const auto options = std::make_shared<TrainOptions>();
  CLI::App& app = line.add_command("train", "Fine-tune a model on the pairs of a dataset",
                                   [options] { return run(*options); });
  add_train_options(app, *options);
}

void add_bench_command(CommandLine& line) {
  const auto options = std::make_shared<TrainingBenchOptions>();
  CLI::App& app = line.add_command("bench", "Training speed on made-up pages, as JSON", [options] {
    print_result(pretty_json(run_training_bench(*options)));
    return 0;
  });
  add_setting(app, "model", options->model, "Model directory", kModelGroup)
      ->type_name("DIR")
      ->required();
  add_setting(app, "method", options->method, "What is trained", kTrainingGroup)
      ->type_name("lora|full")
      ->check(CLI::IsMember({"lora", "full"}).description(""));
  add_setting(app, "longest-edge", options->longest_edge, "Longest side of a page in pixels",
              kModelGroup)
      ->type_name("PIXELS")
      ->check(CLI::Range(1, 4096).description(""));
  add_setting(app, "batch-size", options->batch_size, "Pairs in a step", kTrainingGroup)
      ->type_name("N")
      ->check(CLI::Range(2, 4096).description(""));
  add_setting(app, "chunk-size", options->chunk_size, "Pages in one pass with gradients",
              kSpeedGroup)
      ->type_name("N")
      ->check(CLI::Range(1, 4096).description(""));
  add_setting(app, "features", options->features,
              "What the vision tower makes of a page, with lora: computed in the first epoch or in "
              "every step, or random numbers",
              kTrainingGroup)
      ->type_name("cached|uncached|random")
      ->check(CLI::IsMember({"cached", "uncached", "random"}).description(""));
  add_setting(app, "pages", options->pages, "Pages of an epoch; 0: those of one step",
              kTrainingGroup)
      ->type_name("N")
      ->check(CLI::Range(0, 4096).description(""));
  add_setting(app, "epochs", options->epochs,
              "Epochs that are timed, after a first one; 0: the first one is", kTrainingGroup)
      ->type_name("N")
      ->check(CLI::Range(0, 1000).description(""));
  add_threads_option(app, options->threads);
}

}  // namespace
}  // namespace recto

int main(int argc, char** argv) {
  recto::spin_briefly(argv);
  recto::keep_freed_memory();
  const bool by_recto = argc > 0 && std::string_view(argv[0]) == "recto";
  recto::CommandLine line(by_recto ? "recto" : "recto-train",
                          "Training of page retrievers (started by recto train).",
                          ", torch " + recto::torch_version());
  recto::add_train_command(line);
  recto::add_bench_command(line);
  return line.run(argc, argv);
}
