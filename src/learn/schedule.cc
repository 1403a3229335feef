#include "learn/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/log.h"

namespace recto {

int64_t count_steps(double epochs, int64_t per_epoch, int64_t max_steps) {
  constexpr double kMost = 9007199254740992.0;  // 2^53: whole numbers up to there are doubles
  const double all = epochs * static_cast<double>(per_epoch);
  if (max_steps > 0 && all > static_cast<double>(max_steps)) return max_steps;
  if (all > kMost) {
    fail(ErrorCode::kUsage,
         "--epochs {} of {} steps are more than can be counted; give fewer, or limit them by "
         "--max-steps",
         epochs, per_epoch);
  }
  return std::max<int64_t>(1, std::llround(all));
}

double warmup_share(double warmup, int64_t total) {
  if (warmup < 1) return warmup;
  const double share = warmup / static_cast<double>(total);
  if (share > 1) {
    log_warning(
        "the warm-up of {} steps is longer than the training of {}: the learning rate rises to "
        "{:.2g} of --lr only; lower --warmup",
        warmup, total, 1 / share);
  } else if (share == 1) {
    log_warning(
        "the warm-up of {} steps is as long as the training of {}: the learning rate reaches --lr "
        "only in the end; lower --warmup, a share of the training below 1, or steps",
        warmup, total);
  }
  return share;
}

Schedule parse_schedule(const std::string& name) {
  if (name == "cosine") return Schedule::kCosine;
  if (name == "linear") return Schedule::kLinear;
  if (name == "constant") return Schedule::kConstant;
  fail(ErrorCode::kUsage, "--schedule is \"{}\"; cosine, linear, constant is wanted", name);
}

double schedule_factor(double progress, double warmup, Schedule schedule) {
  if (progress < warmup) return progress / warmup;
  if (warmup >= 1 || schedule == Schedule::kConstant) return 1;
  const double rest = std::min(1.0, (progress - warmup) / (1 - warmup));
  if (schedule == Schedule::kLinear) return 1 - rest;
  return std::max(0.0, 0.5 * (1 + std::cos(std::numbers::pi * rest)));
}

}  // namespace recto
