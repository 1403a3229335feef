#include "learn/loss_settings.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/suggestion.h"
#include "learn/loss_terms.h"
#include "learn/setting_checks.h"

namespace recto {
namespace {

void check_temperatures(const TrainSettings& s) {
  wanted(s.temperature > 0 && std::isfinite(s.temperature), "--temperature", s.temperature,
         "a number above 0");
  if (s.learn_temperature &&
      (s.temperature < kLeastTemperature || s.temperature > kMostTemperature)) {
    fail(ErrorCode::kUsage,
         "--temperature is {}, and --learn-temperature keeps it between {} and {}; begin within",
         s.temperature, kLeastTemperature, kMostTemperature);
  }
  wanted(s.teacher_temperature > 0 && std::isfinite(s.teacher_temperature), "--teacher-temperature",
         s.teacher_temperature, "a number above 0");
}

void check_teacher(const TrainSettings& s, const std::vector<LossTerm>& terms) {
  const auto taught = std::find_if(terms.begin(), terms.end(),
                                   [](const LossTerm& term) { return needs_teacher(term.kind); });
  if (taught != terms.end() && s.teacher.empty()) {
    fail(ErrorCode::kUsage,
         "--loss {} learns from a teacher; name its table of vectors or scores with --teacher",
         loss_name(taught->kind));
  }
  if (taught == terms.end() && !s.teacher.empty()) {
    fail(ErrorCode::kUsage,
         "--teacher is given, but --loss {} learns from none; add distill_cosine, distill_kl or "
         "distill_margin_mse",
         losses_text(terms));
  }
}

void check_guide(const TrainSettings& s) {
  const std::vector<std::string> types = {"absolute", "relative"};
  if (std::find(types.begin(), types.end(), s.guide_margin_type) == types.end()) {
    fail(ErrorCode::kUsage, "--guide-margin-type is \"{}\"; absolute or relative is wanted{}",
         s.guide_margin_type, did_you_mean(s.guide_margin_type, types));
  }
  wanted(std::isfinite(s.guide_margin), "--guide-margin", s.guide_margin, "a number");
  if (s.guide.empty() && s.guide_margin != 0) {
    fail(ErrorCode::kUsage,
         "--guide-margin is given, but no table of a guide; name it with --guide");
  }
}

}  // namespace

void check_loss_settings(const TrainSettings& settings) {
  const std::vector<LossTerm> terms = parse_losses(settings.loss);
  check_temperatures(settings);
  check_teacher(settings, terms);
  check_guide(settings);
}

Json loss_settings_json(const TrainSettings& settings) {
  return {{"loss", losses_text(parse_losses(settings.loss))},
          {"temperature", settings.temperature},
          {"learn_temperature", settings.learn_temperature},
          {"dimension_weights", settings.dimension_weights},
          {"mask_same_document", settings.mask_same_document},
          {"mask_translations", settings.mask_translations},
          {"guide", settings.guide},
          {"guide_margin", settings.guide_margin},
          {"guide_margin_type", settings.guide_margin_type},
          {"teacher", settings.teacher},
          {"teacher_temperature", settings.teacher_temperature}};
}

}  // namespace recto
