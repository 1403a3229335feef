#pragma once
// --freeze: parameters that a training leaves as they are.

#include <set>
#include <string>
#include <vector>

#include "learn/torch.h"

namespace recto {

/// Those of `model` whose whole name one of `patterns` matches require no gradient any more; how
/// many each matches is said on stderr. `elsewhere` are names of parameters that the model leaves
/// out, which may be meant too. Throws Error(kUsage) for a pattern that matches nothing.
void freeze(torch::nn::Module& model, const std::vector<std::string>& patterns,
            const std::set<std::string>& elsewhere = {});

}  // namespace recto
