#include "learn/matching_names.h"

#include "base/error.h"
#include "model/python_regex.h"

namespace recto {

std::set<std::string> parameter_names(const torch::nn::Module& model) {
  std::set<std::string> names;
  for (const auto& parameter : model.named_parameters()) names.insert(parameter.key());
  return names;
}

std::set<std::string> matching_names(const char* option, const std::string& pattern,
                                     const std::set<std::string>& names, const char* example) {
  const PythonRegex regex(pattern, option);
  std::set<std::string> matched;
  for (const std::string& name : names) {
    if (regex.full_match(name)) matched.insert(name);
  }
  if (matched.empty()) {
    fail(ErrorCode::kUsage, "{} \"{}\" matches no parameter; it must match a whole name such as {}",
         option, pattern, example);
  }
  return matched;
}

}  // namespace recto
