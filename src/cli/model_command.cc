// recto model create: a model of random weights.
#include <fmt/ranges.h>

#include <memory>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "model/preset.h"

namespace recto {
namespace {

struct Options {
  std::string preset, output;
  uint64_t seed = 0;
};

int run(const Options& options) {
  create_model(options.preset, options.seed, options.output);
  log_info("{} with random weights in {}", options.preset, options.output);
  return 0;
}

}  // namespace

void add_model_commands(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App& app =
      line.add_command("model", "Make models", "create",
                       "Write a model directory of a published size with random weights",
                       [options] { return run(*options); });
  add_setting(app, "preset", options->preset, "Size of the model", kModelGroup)
      ->type_name(fmt::format("{}", fmt::join(preset_names(), "|")))
      ->check(CLI::IsMember(preset_names()).description(""))
      ->required();
  add_seed_option(app, options->seed);
  add_output_option(app, options->output, "The new directory")->type_name("DIR");
}

}  // namespace recto
