// recto model create, merge: a model of random weights; an adapter into the weights of its model.
#include <fmt/ranges.h>

#include <memory>

#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "model/model_directory.h"
#include "model/model_write.h"
#include "model/preset.h"

namespace recto {
namespace {

struct CreateOptions {
  std::string preset, output;
  uint64_t seed = 0;
};

int create(const CreateOptions& options) {
  create_model(options.preset, options.seed, options.output);
  log_info("{} with random weights in {}", options.preset, options.output);
  return 0;
}

struct MergeOptions {
  std::string model, adapter, output, dtype = "fp32";
};

int merge(const MergeOptions& options) {
  const auto model = ModelDirectory::open(options.model, {}, options.adapter);
  if (options.adapter.empty() && !model->has_own_adapter()) {
    fail(ErrorCode::kUsage, "{} keeps no adapter apart; name one with --adapter", options.model);
  }
  write_model_directory(*model, model->weights(), parse_weights_dtype(options.dtype),
                        model->contract(), options.output);
  log_info("{} with its adapter merged in {}", options.model, options.output);
  return 0;
}

void add_create_model_command(CommandLine& line) {
  const auto options = std::make_shared<CreateOptions>();
  CLI::App& app =
      line.add_command("model", "Make models", "create",
                       "Write a model directory of a published size with random weights",
                       [options] { return create(*options); });
  add_setting(app, "preset", options->preset, "Size of the model", kModelGroup)
      ->type_name(fmt::format("{}", fmt::join(preset_names(), "|")))
      ->check(CLI::IsMember(preset_names()).description(""))
      ->required();
  add_seed_option(app, options->seed);
  add_output_option(app, options->output, "The new directory")->type_name("DIR");
}

void add_merge_model_command(CommandLine& line) {
  const auto options = std::make_shared<MergeOptions>();
  CLI::App& app =
      line.add_command("model", "Make models", "merge",
                       "Write a model directory with an adapter merged into its weights",
                       [options] { return merge(*options); });
  add_setting(app, "model", options->model, "Model directory", kModelGroup)
      ->type_name("DIR")
      ->required();
  add_setting(app, "adapter", options->adapter,
              "PEFT adapter directory (default: the one the model directory keeps apart)",
              kModelGroup)
      ->type_name("DIR");
  add_setting(app, "dtype", options->dtype, "Type of the weights written", kOutputGroup)
      ->type_name("fp32|fp16|bf16")
      ->check(CLI::IsMember({"fp32", "fp16", "bf16"}).description(""));
  add_output_option(app, options->output, "The new directory")->type_name("DIR");
}

}  // namespace

void add_model_commands(CommandLine& line) {
  add_create_model_command(line);
  add_merge_model_command(line);
}

}  // namespace recto
