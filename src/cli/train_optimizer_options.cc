#include "cli/options.h"
#include "cli/train_options.h"

namespace recto {

void add_train_optimizer_options(CLI::App& app, TrainSettings& s) {
  add_setting(app, "schedule", s.schedule,
              "The learning rate after the warm-up: half a cosine to 0, a line to 0, or constant",
              kTrainingGroup)
      ->type_name("cosine|linear|constant")
      ->check(CLI::IsMember({"cosine", "linear", "constant"}).description(""));
  add_setting(app, "lr-group", s.lr_groups,
              "Another learning rate for the parameters that match: a multiple of --lr",
              kTrainingGroup)
      ->type_name("PATTERN=FACTOR");
  add_setting(app, "no-decay", s.no_decay,
              "Parameters without weight decay: a pattern, or the words norms or biases",
              kTrainingGroup)
      ->type_name("PATTERN");
  add_setting(app, "precision", s.precision,
              "Of matrix products and attention; bf16 needs a processor or GPU that has it",
              kSpeedGroup)
      ->type_name("fp32|bf16")
      ->check(CLI::IsMember({"fp32", "bf16"}).description(""));
  add_setting(app, "gradient-checkpointing", s.gradient_checkpointing,
              "Compute activations again instead of keeping them: less memory, more time, the same "
              "result",
              kSpeedGroup);
}

void add_train_selection_options(CLI::App& app, TrainSettings& s) {
  add_setting(
      app, "keep-best", s.keep_best,
      "Keep so many of the best states by nDCG@10 on held-out queries; the best becomes the "
      "model. 0: the last one does",
      kTrainingGroup)
      ->type_name("K");
  add_setting(app, "average-best", s.average_best, "Their mean becomes the model", kTrainingGroup);
  add_setting(app, "early-stopping", s.early_stopping,
              "End after so many measurements in a row without gain; 0: never", kTrainingGroup)
      ->type_name("N");
}

}  // namespace recto
