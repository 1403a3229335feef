#include "learn/start_checks.h"

#include <string>

#include "base/error.h"
#include "base/log.h"
#include "learn/train_output.h"

namespace recto {
namespace {

void check_measurable(const StepSource& steps, const TrainSettings& settings) {
  if (settings.eval_queries == 0 || !steps.held_out().queries.empty()) return;
  const std::string why =
      "there are none: a dataset has its split validation or, of several families of documents, "
      "every tenth one; files of text pairs have none";
  if (settings.keep_best > 0 || settings.early_stopping > 0) {
    fail(ErrorCode::kUsage,
         "{} needs held-out queries, but {}; leave the option out, or add documents",
         settings.keep_best > 0 ? "--keep-best" : "--early-stopping", why);
  }
  log_warning(
      "nothing watches this training, which takes held-out queries, but {}. The last state becomes "
      "the model, better than the first or not; add documents, or say by --eval-queries 0 that "
      "this is meant",
      why);
}

}  // namespace

std::unique_ptr<StepSource> open_steps(const TrainSettings& settings, const ProcessGroup& group) {
  if (!group.is_first()) set_log_level(LogLevel::kQuiet);
  auto steps = std::make_unique<StepSource>(settings, group);
  check_measurable(*steps, settings);
  if (!group.is_first()) set_log_level(LogLevel::kWarning);
  return steps;
}

void check_start(const ModelDirectory& model, const TrainSettings& settings) {
  if (!settings.adapter.empty() || !model.has_own_adapter()) return;
  fail(ErrorCode::kUsage,
       "{0} keeps an adapter apart from its weights; go on training it with --adapter "
       "{0}/{1}, or merge it first (recto model merge) and train a new one",
       settings.model, kAdapterFolder);
}

void check_method(const Contract& output, const TrainSettings& settings) {
  const bool adapts = settings.method == "lora" || !settings.adapter.empty();
  if (output.pooling != Pooling::kVocabulary || !adapts) return;
  fail(ErrorCode::kUsage,
       "with pooling \"vocabulary\" the layers that adapters are put on take no part in a vector; "
       "train with --method full, and --freeze what shall stay, such as 'vision_model\\..*' and "
       "'connector\\..*'");
}

}  // namespace recto
