// recto tokenize: texts to token ids.
#include <memory>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "model/tokenize_file.h"

namespace recto {
namespace {

struct Options {
  std::string model, input, output;
};

int run(const Options& options) {
  const Tokenizer tokenizer = Tokenizer::load(model_or_shipped(options.model));
  const int64_t lines = tokenize_file(tokenizer, options.input, options.output);
  log_info("{} lines in {}", lines, options.output);
  return 0;
}

}  // namespace

void add_tokenize_command(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App& app =
      line.add_command("tokenize", "Token ids of texts, as Hugging Face's tokenizer gives them",
                       [options] { return run(*options); });
  add_setting(app, "model", options->model,
              fmt::format("Directory with a tokenizer.json (default: {})", kShippedDefault),
              kModelGroup)
      ->type_name("DIR");
  add_setting(app, "input", options->input, "Lines {\"text\": T}", kInputGroup)
      ->type_name("FILE")
      ->required();
  add_output_option(app, options->output, "Lines {\"ids\": [..]}, one for each input line")
      ->type_name("FILE");
}

}  // namespace recto
