#pragma once
// The parameters that a pattern of an option means.

#include <set>
#include <string>

#include "learn/torch.h"

namespace recto {

/// Names of the parameters of `model`.
std::set<std::string> parameter_names(const torch::nn::Module& model);

/// Those of `names` that `pattern` matches whole. Throws Error(kUsage) naming `option` for a
/// pattern that matches none; `example` tells of a name and of a pattern that would.
std::set<std::string> matching_names(const char* option, const std::string& pattern,
                                     const std::set<std::string>& names, const char* example);

}  // namespace recto
