#include "learn/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace recto {

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
