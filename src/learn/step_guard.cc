#include "learn/step_guard.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/log.h"

namespace recto {
namespace {

constexpr size_t kIdsInMessage = 3;

/// The first few, and how many more there are.
std::string some(const std::vector<std::string>& ids) {
  const size_t shown = std::min(ids.size(), kIdsInMessage);
  std::string text = fmt::format("{}", fmt::join(ids.begin(), ids.begin() + shown, ", "));
  if (ids.size() > shown) text += fmt::format(" and {} more", ids.size() - shown);
  return text;
}

}  // namespace

StepWarning StepGuard::skip(int64_t step, const char* what, double value, const StepIds& ids) {
  ++skipped_;
  ++bad_steps_;
  if (speaks_) {
    log_warning("step {}: the {} is {}; the step is skipped (queries {}; pages {})", step, what,
                value, some(ids.queries), some(ids.pages));
  }
  return {"skipped",
          {{"what", what},
           {"value", fmt::format("{}", value)},
           {"queries", ids.queries},
           {"pages", ids.pages}}};
}

void StepGuard::check() const {
  if (bad_steps_ < kMostBadSteps) return;
  fail(
      ErrorCode::kInternal,
      "the loss or a gradient was not a number in {} steps in a row, so the training has diverged; "
      "lower --lr (it is {}) and start again from an earlier model",
      bad_steps_, learning_rate_);
}

std::optional<StepWarning> StepGuard::look(int64_t step, double page_cosine, size_t pages) {
  if (pages < 2 || !(page_cosine > kCollapse)) return std::nullopt;
  if (step - collapse_said_at_ < kStepsOfSilence) return std::nullopt;
  collapse_said_at_ = step;
  if (speaks_) {
    log_warning(
        "step {}: the vectors of its {} pages are nearly the same (mean cosine {:.4f}); that is "
        "usual in the first steps from a model that was no retriever, and a collapse when it stays "
        "so: then lower --lr (it is {}) or raise --batch-size",
        step, pages, page_cosine, learning_rate_);
  }
  return StepWarning{"collapse", {{"page_cosine", page_cosine}, {"pages", pages}}};
}

std::optional<StepWarning> StepGuard::idle(int64_t step, const std::vector<std::string>& losses,
                                           size_t queries, size_t documents, int64_t masked) {
  std::vector<std::string> fresh;
  for (const std::string& loss : losses) {
    if (!idle_said_.insert(loss).second) continue;
    fresh.push_back(loss);
    if (!speaks_) continue;
    log_warning(
        "step {}: {} has nothing to compare among {} queries and {} documents ({} of their pairs "
        "are masked), so it is 0 and teaches nothing; this is said once. Raise --batch-size or "
        "--negatives, or mask less",
        step, loss, queries, documents, masked);
  }
  if (fresh.empty()) return std::nullopt;
  return StepWarning{"nothing_to_compare", {{"losses", fresh}}};
}

void StepGuard::conclude(int64_t steps) const {
  if (!speaks_ || steps == 0 || skipped_ < steps) return;
  log_warning(
      "all {} steps were skipped, so nothing was learned: the model is the one the training began "
      "with",
      steps);
}

Json StepGuard::state() const {
  return {{"bad_steps", bad_steps_},
          {"skipped", skipped_},
          {"collapse_said_at", collapse_said_at_},
          {"idle_said", idle_said_}};
}

void StepGuard::restore(const Json& state, const std::string& where) {
  bad_steps_ = json_required<int>(state, "bad_steps", where);
  skipped_ = json_required<int64_t>(state, "skipped", where);
  collapse_said_at_ = json_required<int64_t>(state, "collapse_said_at", where);
  const auto said = json_optional<std::vector<std::string>>(state, "idle_said", where, {});
  idle_said_ = {said.begin(), said.end()};
}

}  // namespace recto
