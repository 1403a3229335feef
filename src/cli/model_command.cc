// recto model create, merge, tokenizer: a model of random weights; an adapter into the weights of
// its model; a tokenizer learned from documents.
#include <fmt/ranges.h>

#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "model/bpe_learner.h"
#include "model/document_texts.h"
#include "model/model_directory.h"
#include "model/model_write.h"
#include "model/preset.h"

namespace recto {
namespace {

struct CreateOptions {
  std::string preset, tokenizer, output;
  uint64_t seed = 0;
};

int create(const CreateOptions& options) {
  create_model(options.preset, options.seed, options.output, options.tokenizer);
  log_info("{} with random weights in {}", options.preset, options.output);
  return 0;
}

struct TokenizerOptions {
  std::vector<std::string> paths, leave_out;
  std::string output;
  int size = 4096;
  int document_pages = 0;
  bool keep_going = false;
};

int make_tokenizer(const TokenizerOptions& options) {
  BpeLearner learner;
  const TextsRead read = add_document_texts(options.paths, options.leave_out,
                                            options.document_pages, options.keep_going, learner);
  const Json tokenizer = learner.tokenizer(options.size);
  write_file(options.output, dump_json(tokenizer));
  log_info("{} tokens from {} pages in {}", options.size, read.pages, options.output);
  return read.failures == 0 ? 0 : 1;
}

struct MergeOptions {
  std::string model, adapter, output, dtype = "fp32";
};

int merge(const MergeOptions& options) {
  const auto model = ModelDirectory::open_unmerged(options.model, {}, options.adapter);
  if (options.adapter.empty() && !model->has_own_adapter()) {
    fail(ErrorCode::kUsage, "{} keeps no adapter apart; name one with --adapter", options.model);
  }
  const TensorChanges changes = merged_layers(model->weights(), *model->adapter());
  write_changed_model_directory(*model, model->weights(), changes,
                                parse_weights_dtype(options.dtype), model->contract(),
                                model->sparse_head(), options.output);
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
  add_setting(app, "tokenizer", options->tokenizer,
              "A tokenizer.json in place of the preset's own (see recto model tokenizer)",
              kModelGroup)
      ->type_name("FILE");
  add_seed_option(app, options->seed);
  add_output_option(app, options->output, "The new directory")->type_name("DIR");
}

void add_tokenizer_command(CommandLine& line) {
  const auto options = std::make_shared<TokenizerOptions>();
  CLI::App& app = line.add_command("model", "Make models", "tokenizer",
                                   "Learn a byte-level BPE from the text layers of PDFs",
                                   [options] { return make_tokenizer(*options); });
  add_paths(app, "PATH", options->paths, "PDFs, and folders of them");
  add_setting(app, "size", options->size, "Tokens, SmolVLM's own and the 256 bytes among them",
              kModelGroup)
      ->type_name("N")
      ->check(CLI::Range(299, 1 << 20).description(""));
  add_setting(app, "document-pages", options->document_pages,
              "Most pages read of one document, evenly over it; 0: all", kInputGroup)
      ->type_name("N")
      ->check(CLI::Range(0, 1 << 20).description(""));
  add_setting(app, "leave-out", options->leave_out,
              "Documents that are not read: a pattern of the whole path", kInputGroup)
      ->type_name("PATTERN");
  add_keep_going_option(app, options->keep_going);
  add_output_option(app, options->output, "The new tokenizer.json")->type_name("FILE");
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
  add_tokenizer_command(line);
  add_merge_model_command(line);
}

}  // namespace recto
