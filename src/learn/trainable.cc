#include "learn/trainable.h"

#include <functional>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "learn/freeze.h"
#include "learn/lora.h"
#include "learn/trained_size.h"
#include "model/continued_adapter.h"

namespace recto {
namespace {

LoraOptions lora_options(const TrainSettings& settings, const std::string& base_model) {
  LoraOptions options;
  options.r = settings.lora_r.value_or(kLoraRank);
  options.alpha = settings.lora_alpha.value_or(kLoraAlpha);
  options.use_rslora = settings.lora_rslora;
  options.use_dora = settings.lora_dora;
  options.dropout = settings.lora_dropout;
  options.init = parse_lora_init(settings.lora_init);
  options.target_modules = lora_targets(settings);
  options.base_model = base_model;
  return options;
}

/// "LoRA", "rsLoRA", "DoRA", or both.
std::string kind_of(const Json& config) {
  const std::string kind = config["use_dora"] ? "DoRA" : "LoRA";
  return config["use_rslora"] ? "rs" + kind : kind;
}

/// Fresh ones.
Json put_adapters(RetrieverModel& model, const TrainSettings& settings,
                  const std::string& base_model) {
  const LoraOptions options = lora_options(settings, base_model);
  const size_t matched = adapted_layers(settings, model->config()).size();
  add_lora(model, options, settings.seed);
  const Json config = lora_config(options);
  log_info("{} of rank {} on {} linear layers that match {}", kind_of(config), options.r, matched,
           options.target_modules.get<std::string>());
  return config;
}

Json go_on_with(const Adapter& adapter, RetrieverModel& model, const TrainSettings& settings,
                const std::string& base_model) {
  Json config = continued_adapter_config(adapter, settings.adapter, model->config(),
                                         settings.lora_dropout, base_model);
  for (torch::Tensor& parameter : model->parameters()) parameter.set_requires_grad(false);
  model->attach(adapter, settings.lora_dropout);
  log_info("{} of {} on {} linear layers is trained on", kind_of(config), settings.adapter,
           adapter.modules.size());
  return config;
}

/// Names may be those of the whole model, also of parts that this one leaves out.
void freeze_matching(RetrieverModel& model, const std::vector<std::string>& patterns) {
  std::set<std::string> names;
  for (const auto& [name, shape] : expected_tensors(model->config())) names.insert(name);
  freeze(*model, patterns, names);
}

/// Of the text model nothing but the table takes part in vectors from the vocabulary.
void freeze_layers(RetrieverModel& model) {
  for (const auto& entry : model->named_parameters()) {
    const std::string& name = entry.key();
    if (!name.starts_with("text_model.") || name.starts_with("text_model.embed_tokens.")) continue;
    torch::Tensor parameter = entry.value();
    parameter.set_requires_grad(false);
  }
}

}  // namespace

Trainable choose_trainable(RetrieverModel& model, const TrainSettings& settings,
                           const std::string& base_model, const std::optional<Adapter>& adapter) {
  Trainable trainable;
  for (const auto& [name, shape] : expected_tensors(model->config())) {
    trainable.all += std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
  }
  if (adapter) {
    trainable.lora = go_on_with(*adapter, model, settings, base_model);
  } else if (settings.method == "lora") {
    trainable.lora = put_adapters(model, settings, base_model);
  } else {
    freeze_matching(model, settings.freeze);
  }
  if (model->pooling() == Pooling::kVocabulary) freeze_layers(model);
  // Whatever the method freezes: it has no adapter.
  if (trainable.lora && !model->sparse().is_empty()) {
    for (torch::Tensor& parameter : model->sparse()->parameters()) {
      parameter.set_requires_grad(true);
    }
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
