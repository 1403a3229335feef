#include <fmt/ranges.h>

#include "cli/options.h"
#include "cli/train_options.h"

namespace recto {
namespace {

void add_choice(CLI::App& app, const std::string& name, std::string& value,
                const std::string& description, const char* group,
                const std::vector<std::string>& names) {
  add_setting(app, name, value, description, group)
      ->type_name(fmt::format("{}", fmt::join(names, "|")))
      ->check(CLI::IsMember(names).description(""));
}

void add_lora_options(CLI::App& app, TrainSettings& s) {
  add_setting(app, "adapter", s.adapter,
              "Adapter of the model to go on training, with its own rank, layers and kind "
              "(default: a fresh one)",
              kModelGroup)
      ->type_name("DIR");
  add_setting(app, "lora-r", s.lora_r, "Rank of the adapters (default: 32)", kTrainingGroup)
      ->type_name("N");
  add_setting(app, "lora-alpha", s.lora_alpha, "Their weight is alpha / rank (default: 32)",
              kTrainingGroup)
      ->type_name("ALPHA");
  add_setting(app, "lora-rslora", s.lora_rslora,
              "Their weight is alpha / sqrt(rank) instead (rsLoRA)", kTrainingGroup);
  add_setting(app, "lora-dora", s.lora_dora,
              "Train length and direction of each row of a weight apart (DoRA)", kTrainingGroup);
  add_setting(app, "lora-dropout", s.lora_dropout, "Dropout of their input", kTrainingGroup)
      ->type_name("P");
  add_choice(app, "lora-init", s.lora_init, "How they begin", kTrainingGroup,
             {"kaiming", "gaussian"});
  add_setting(app, "lora-targets", s.lora_targets,
              "Pattern of the linear layers that get one, of the vision tower too, or all-linear "
              "(default: the text model's q, k, v, o, gate, up and down)",
              kTrainingGroup)
      ->type_name("PATTERN");
  add_choice(app, "merge", s.merge,
             "Merge the adapters into the weights written; off: keep the weights as they were, "
             "with the adapter apart",
             kOutputGroup, {"on", "off"});
}

}  // namespace

void add_train_method_options(CLI::App& app, TrainSettings& s) {
  add_choice(app, "method", s.method, "Train adapters, or every parameter that is not frozen",
             kTrainingGroup, {"lora", "full"});
  add_lora_options(app, s);
  add_setting(app, "freeze", s.freeze,
              "Pattern of parameters that stay as they are, with --method full or --objective "
              "reading",
              kTrainingGroup)
      ->type_name("PATTERN");
  add_choice(app, "attention", s.attention,
             "What a token of the text model sees: what stands before it, or all of its input; "
             "the written model keeps it (default: the model's)",
             kModelGroup, {"causal", "bidirectional"});
  add_choice(
      app, "pooling", s.pooling,
      "The vector is the state of the last token, or the mean over all, or it is made of the "
      "sparse output's weights, without the text model; the written model keeps it (default: "
      "the model's)",
      kModelGroup, {"last", "mean", "vocabulary"});
}

}  // namespace recto
