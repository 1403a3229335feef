#include "learn/fresh_parameters.h"

#include "base/log.h"
#include "base/random.h"
#include "learn/matching_names.h"

namespace recto {
namespace {

constexpr uint64_t kStreams = 1000;  // behind those that a model's heads are drawn from

void begin_one_anew(const std::string& name, torch::Tensor value, uint64_t seed, uint64_t stream) {
  const torch::NoGradGuard no_grad;
  if (value.dim() > 1) {
    draw_fresh(value, seed, stream);
  } else {
    value.fill_(name.ends_with("bias") ? 0 : 1);
  }
}

}  // namespace

void draw_fresh(torch::Tensor values, uint64_t seed, uint64_t stream) {
  const torch::NoGradGuard no_grad;
  Random random(seed, stream);
  float* data = values.data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); ++i) {
    data[i] = static_cast<float>(kFreshDeviation * random.normal());
  }
}

void begin_anew(torch::nn::Module& model, const std::vector<std::string>& patterns, uint64_t seed) {
  for (const std::string& pattern : patterns) {
    const std::set<std::string> matched = matching_names(
        "--fresh", pattern, parameter_names(model),
        R"(text_model.layers.0.mlp.up_proj.weight ("text_model\.layers\..*" for all layers))");
    uint64_t stream = kStreams;
    for (const auto& parameter : model.named_parameters()) {
      ++stream;
      if (matched.count(parameter.key()) == 0) continue;
      begin_one_anew(parameter.key(), parameter.value(), seed, stream);
    }
    log_info("--fresh {}: {} parameters begin anew", pattern, matched.size());
  }
}

}  // namespace recto
