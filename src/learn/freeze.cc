#include "learn/freeze.h"

#include "base/error.h"
#include "base/log.h"
#include "model/python_regex.h"

namespace recto {
namespace {

void freeze_one(torch::nn::Module& model, const std::string& pattern,
                const std::set<std::string>& elsewhere) {
  const PythonRegex regex(pattern, "--freeze");
  const auto parameters = model.named_parameters();
  std::set<std::string> names = elsewhere;
  for (const auto& parameter : parameters) names.insert(parameter.key());
  size_t matched = 0;
  for (const std::string& name : names) {
    if (!regex.full_match(name)) continue;
    ++matched;
    if (parameters.find(name) == nullptr) continue;
    torch::Tensor parameter = parameters[name];
    parameter.set_requires_grad(false);
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

void freeze(torch::nn::Module& model, const std::vector<std::string>& patterns,
            const std::set<std::string>& elsewhere) {
  for (const std::string& pattern : patterns) freeze_one(model, pattern, elsewhere);
}

}  // namespace recto
