#include "learn/lora.h"

#include <cmath>

#include "base/error.h"
#include "base/random.h"

namespace recto {
namespace {

/// PEFT's initialisation: kaiming_uniform with a = sqrt(5) is uniform in ±1/sqrt(in).
void initialize(torch::Tensor a, bool gaussian, Random random) {
  const double bound = 1 / std::sqrt(static_cast<double>(a.size(1)));
  const double deviation = 1 / static_cast<double>(a.size(0));
  float* values = a.data_ptr<float>();
  for (int64_t i = 0; i < a.numel(); ++i) {
    values[i] = static_cast<float>(gaussian ? deviation * random.normal()
                                            : bound * (2 * random.uniform() - 1));
  }
}

std::vector<float> floats(const torch::Tensor& tensor) {
  if (!tensor.defined()) return {};
  const torch::Tensor flat = tensor.detach().to(torch::kCPU).contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

}  // namespace

std::string parse_lora_init(const std::string& name) {
  if (name == "kaiming") return "";
  if (name == "gaussian") return name;
  fail(ErrorCode::kUsage, "\"{}\" is no initialisation; kaiming or gaussian is wanted", name);
}

std::vector<std::string> add_lora(RetrieverModel& model, const LoraOptions& options,
                                  uint64_t seed) {
  const torch::NoGradGuard no_grad;
  const std::vector<std::string> matched = match_modules(options.target_modules, model->config());
  for (torch::Tensor& parameter : model->parameters()) parameter.set_requires_grad(false);
  std::map<std::string, Linear> layers = model->linears();
  const double divisor = options.use_rslora ? std::sqrt(options.r) : options.r;
  for (size_t i = 0; i < matched.size(); ++i) {
    const auto layer = layers.find(matched[i]);
    if (layer == layers.end()) {
      fail(ErrorCode::kUsage,
           "{} takes no part in a vector and cannot be adapted; leave it out of "
           "the pattern of adapted layers",
           matched[i]);
    }
    Linear& linear = layer->second;
    linear->attach({options.r, options.alpha / divisor, options.dropout, options.use_dora});
    initialize(linear->lora_a->weight, options.init == "gaussian", Random(seed, i));
  }
  return matched;
}

Adapter extract_adapter(RetrieverModel& model, const Json& config) {
  Adapter adapter;
  adapter.config = config;
  for (auto& [path, linear] : model->linears()) {
    if (!linear->adapted()) continue;
    adapter.modules[path] = {linear->adapter().rank, linear->adapter().scale,
                             floats(linear->lora_a->weight), floats(linear->lora_b->weight),
                             floats(linear->magnitude)};
  }
  return adapter;
}

}  // namespace recto
