#include "learn/freeze.h"

#include "base/log.h"
#include "learn/matching_names.h"

namespace recto {

void freeze(torch::nn::Module& model, const std::vector<std::string>& patterns,
            const std::set<std::string>& elsewhere) {
  const auto parameters = model.named_parameters();
  std::set<std::string> names = parameter_names(model);
  names.insert(elsewhere.begin(), elsewhere.end());
  for (const std::string& pattern : patterns) {
    const std::set<std::string> matched = matching_names(
        "--freeze", pattern, names,
        R"(vision_model.post_layernorm.weight ("vision_model\..*" freezes the vision tower))");
    for (const std::string& name : matched) {
      if (!parameters.contains(name)) continue;
      torch::Tensor parameter = parameters[name];
      parameter.set_requires_grad(false);
    }
    log_info("--freeze {}: {} parameters stay as they are", pattern, matched.size());
  }
}

}  // namespace recto
