// recto inspect: exactly what the model sees, as tensors.
#include <memory>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "engine/cpu_embedder.h"
#include "engine/inspection.h"
#include "page/reader.h"

namespace recto {
namespace {

struct Options {
  ModelOptions model;
  std::optional<std::string> text, query, image, messages;
  bool add_generation_prompt = false;
  bool layers = false;
  std::string output;
  int threads = 0;
};

ModelInput make_input(const Options& options, const ModelDirectory& model) {
  if (options.text) return model.inputs().raw(*options.text);
  if (options.query) return model.inputs().query(*options.query);
  if (options.image) return model.inputs().document(read_image(*options.image));
  const std::filesystem::path file = *options.messages;
  return chat_input(model, read_json(file), options.add_generation_prompt, file.parent_path(),
                    file.string());
}

int run(const Options& options) {
  const int given = int{options.text.has_value()} + int{options.query.has_value()} +
                    int{options.image.has_value()} + int{options.messages.has_value()};
  if (given != 1) {
    fail(ErrorCode::kUsage, "give one of --text, --query, --image and --messages, not {}", given);
  }
  const auto model = options.model.open();
  const ModelInput input = make_input(options, *model);
  if (input.truncated) {
    log_warning("the text is longer than the contract allows and was cut to {} tokens",
                model->contract().max_query_tokens);
  }
  std::unique_ptr<Embedder> embedder;
  if (options.layers) embedder = make_cpu_embedder(model, {.threads = options.threads});
  write_inspection(*model, input, embedder.get(), options.output);
  return 0;
}

}  // namespace

void add_inspect_command(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App& app = line.add_command(
      "inspect", "What the model sees: token ids, pixels, grid and, on demand, every activation",
      [options] { return run(*options); });
  add_setting(app, "text", options->text, "A text as it is, special tokens recognised",
              kInputGroup);
  add_setting(app, "query", options->query, "A query, in the contract's prompt", kInputGroup);
  add_setting(app, "image", options->image, "An image file, in the contract's prompt", kInputGroup)
      ->type_name("FILE");
  add_setting(
      app, "messages", options->messages,
      "A JSON file with chat messages; images are {\"type\": \"image\", \"path\": \"FILE\"}",
      kInputGroup)
      ->type_name("FILE");
  add_setting(app, "add-generation-prompt", options->add_generation_prompt,
              "End the chat of --messages with \"Assistant:\"", kInputGroup);
  add_output_option(app, options->output,
                    "A .safetensors file with input_ids, pixel_values and grid")
      ->type_name("FILE");
  add_setting(app, "layers", options->layers, "Add the activations of a forward pass",
              kOutputGroup);
  add_model_options(app, options->model);
  add_threads_option(app, options->threads);
}

}  // namespace recto
