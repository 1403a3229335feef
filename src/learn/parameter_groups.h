#pragma once
// Parameters with a learning rate or a weight decay of their own.

#include <string>
#include <vector>

#include "learn/optimizer.h"

namespace recto {

/// "PATTERN=FACTOR" of --lr-group: a regular expression for the whole name of a parameter, and what
/// its learning rate is multiplied by.
struct LearningRateGroup {
  std::string pattern;
  double factor = 1;
};

/// Throws Error(kUsage) for a text without "=" or a factor that is no positive number.
LearningRateGroup parse_learning_rate_group(const std::string& text);

/// The groups that --lr-group and --no-decay make of `parameters`; of several --lr-group that match
/// a parameter the last one decides. --no-decay takes patterns, and for short "norms" (weights and
/// biases of all norms) and "biases"; a parameter that does not decay by itself needs none. Says
/// how many parameters each matched. Throws Error(kUsage) for one that decides about no parameter.
std::vector<ParameterGroup> group_parameters(const std::vector<NamedParameter>& parameters,
                                             const std::vector<std::string>& lr_groups,
                                             const std::vector<std::string>& no_decay);

}  // namespace recto
