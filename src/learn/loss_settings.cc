#include "learn/loss_settings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/suggestion.h"
#include "learn/loss_terms.h"
#include "learn/setting_checks.h"

namespace recto {
namespace {

constexpr int kMostGain = 1024;  // that a contract may have

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
  const bool divides = std::any_of(terms.begin(), terms.end(), [](const LossTerm& term) {
    return term.kind == LossKind::kDistillKl;
  });
  if (!divides && s.teacher_temperature != TrainSettings().teacher_temperature) {
    fail(ErrorCode::kUsage,
         "--teacher-temperature divides what distill_kl learns from, but --loss {} has none; add "
         "it, with a --teacher, or leave the temperature out",
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
  const TrainSettings defaults;
  const std::pair<const char*, bool> given[] = {
      {"--guide-margin", s.guide_margin != defaults.guide_margin},
      {"--guide-margin-type", s.guide_margin_type != defaults.guide_margin_type}};
  for (const auto& [option, is_given] : given) {
    if (!s.guide.empty() || !is_given) continue;
    fail(ErrorCode::kUsage, "{} is given, but no table of a guide; name it with --guide", option);
  }
}

/// What the written contract keeps of the sparse output, by option.
std::array<std::pair<const char*, std::optional<int>>, 3> kept_fields(const TrainSettings& s) {
  return {{{"--sparse-top-n", s.sparse_top_n},
           {"--sparse-gain", s.sparse_gain},
           {"--sparse-candidates", s.sparse_candidates}}};
}

void check_sparse(const TrainSettings& s) {
  wanted(s.sparse_weight >= 0 && std::isfinite(s.sparse_weight), "--sparse-weight", s.sparse_weight,
         "0 or more");
  wanted(s.sparse_temperature > 0 && std::isfinite(s.sparse_temperature), "--sparse-temperature",
         s.sparse_temperature, "a number above 0");
  wanted(s.sparse_flops >= 0 && std::isfinite(s.sparse_flops), "--sparse-flops", s.sparse_flops,
         "0 or more");
  for (const auto& [option, count] : kept_fields(s)) {
    if (count) wanted(*count >= 1, option, *count, "1 or more");
  }
  wanted(s.sparse_gain.value_or(1) <= kMostGain, "--sparse-gain", s.sparse_gain.value_or(1),
         fmt::format("{} or less", kMostGain).c_str());
  const TrainSettings defaults;
  const std::pair<const char*, bool> given[] = {
      {"--sparse-temperature", s.sparse_temperature != defaults.sparse_temperature},
      {"--sparse-flops", s.sparse_flops != 0}};
  for (const auto& [option, is_given] : given) {
    if (s.sparse_weight > 0 || !is_given) continue;
    fail(ErrorCode::kUsage,
         "{} is given, but the sparse output is not trained; say how much its loss counts by "
         "--sparse-weight",
         option);
  }
  for (const auto& [option, count] : kept_fields(s)) {
    if (s.sparse_weight > 0 || s.pooling == "vocabulary" || !count) continue;
    fail(ErrorCode::kUsage,
         "{} is given, but nothing asks for the sparse output; train it by --sparse-weight, or "
         "make vectors of it by --pooling vocabulary",
         option);
  }
}

}  // namespace

void check_loss_settings(const TrainSettings& settings) {
  const std::vector<LossTerm> terms = parse_losses(settings.loss);
  check_temperatures(settings);
  check_teacher(settings, terms);
  check_guide(settings);
  check_sparse(settings);
}

Json loss_settings_json(const TrainSettings& settings) {
  Json json = {{"loss", losses_text(parse_losses(settings.loss))},
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
  // A training without it has the identity it had before there was any.
  if (settings.sparse_weight > 0) {
    json["sparse_weight"] = settings.sparse_weight;
    json["sparse_temperature"] = settings.sparse_temperature;
    json["sparse_flops"] = settings.sparse_flops;
    json["sparse_top_n"] = settings.sparse_top_n ? Json(*settings.sparse_top_n) : Json(nullptr);
  }
  if (settings.sparse_weight <= 0 && settings.sparse_top_n) {
    json["sparse_top_n"] = *settings.sparse_top_n;
  }
  if (settings.sparse_gain) json["sparse_gain"] = *settings.sparse_gain;
  if (settings.sparse_candidates) json["sparse_candidates"] = *settings.sparse_candidates;
  return json;
}

}  // namespace recto
