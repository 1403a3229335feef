#include "learn/start_checks.h"

#include "base/error.h"
#include "learn/train_output.h"

namespace recto {

void check_measurable(const StepSource& steps, const TrainSettings& settings) {
  const bool wanted = settings.keep_best > 0 || settings.early_stopping > 0;
  if (!wanted || !steps.held_out().queries.empty()) return;
  fail(ErrorCode::kUsage,
       "{} needs held-out queries, but the data have no split validation and only one family of "
       "documents to hold out; leave the option out, or add documents",
       settings.keep_best > 0 ? "--keep-best" : "--early-stopping");
}

void check_start(const ModelDirectory& model, const TrainSettings& settings) {
  if (!settings.adapter.empty() || !model.has_own_adapter()) return;
  fail(ErrorCode::kUsage,
       "{0} keeps an adapter apart from its weights; go on training it with --adapter "
       "{0}/{1}, or merge it first (recto model merge) and train a new one",
       settings.model, kAdapterFolder);
}

}  // namespace recto
