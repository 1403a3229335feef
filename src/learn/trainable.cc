#include "learn/trainable.h"

#include "base/error.h"
#include "base/log.h"
#include "learn/lora.h"
#include "model/python_regex.h"

namespace recto {
namespace {

LoraOptions lora_options(const TrainSettings& settings, const std::string& base_model) {
  LoraOptions options;
  options.r = settings.lora_r;
  options.alpha = settings.lora_alpha;
  options.dropout = settings.lora_dropout;
  options.init = parse_lora_init(settings.lora_init);
  options.target_modules =
      settings.lora_targets.empty() ? default_lora_targets() : settings.lora_targets;
  options.base_model = base_model;
  return options;
}

LoraOptions put_adapters(RetrieverModel& model, const TrainSettings& settings,
                         const std::string& base_model) {
  LoraOptions options = lora_options(settings, base_model);
  size_t matched = 0;
  try {
    matched = add_lora(model, options, settings.seed).size();
  } catch (const Error& error) {
    fail(ErrorCode::kUsage, "--lora-targets: {}", error.what());
  }
  log_info("LoRA of rank {} on {} linear layers that match {}", options.r, matched,
           options.target_modules.get<std::string>());
  return options;
}

void freeze(RetrieverModel& model, const std::string& pattern) {
  const PythonRegex regex(pattern, "--freeze");
  size_t matched = 0;
  for (const auto& entry : model->named_parameters()) {
    if (!regex.full_match(entry.key())) continue;
    torch::Tensor parameter = entry.value();
    parameter.set_requires_grad(false);
    ++matched;
  }
  if (matched == 0) {
    fail(ErrorCode::kUsage,
         "--freeze \"{}\" matches no parameter; it must match a whole name such as "
         "vision_model.post_layernorm.weight (\"vision_model\\..*\" freezes the vision tower)",
         pattern);
  }
  log_info("--freeze {}: {} parameters stay as they are", pattern, matched);
}

}  // namespace

Trainable choose_trainable(RetrieverModel& model, const TrainSettings& settings,
                           const std::string& base_model) {
  Trainable trainable;
  for (const torch::Tensor& parameter : model->parameters()) trainable.all += parameter.numel();
  if (settings.method == "lora") {
    trainable.lora = put_adapters(model, settings, base_model);
  } else {
    for (const std::string& pattern : settings.freeze) freeze(model, pattern);
  }
  for (const auto& entry : model->named_parameters()) {
    if (!entry.value().requires_grad()) continue;
    trainable.parameters.push_back({entry.key(), entry.value()});
    trainable.count += entry.value().numel();
  }
  if (trainable.parameters.empty()) {
    fail(ErrorCode::kUsage, "--freeze leaves no parameter to train");
  }
  return trainable;
}

}  // namespace recto
