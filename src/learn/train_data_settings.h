#pragma once
// The settings of a training that are about its data. Without torch.

#include "base/json.h"
#include "learn/train_settings.h"

namespace recto {

/// Throws Error(kUsage) naming the option for a value that cannot be meant, and one that is not the
/// default but has no effect without another option, naming that one too.
void check_data_settings(const TrainSettings& settings);

/// What of them decides the result, by the names of TrainSettings, but for the sources.
Json data_settings_json(const TrainSettings& settings);

struct RankRange {
  int first = 1, last = 50;  ///< from 1, both included
};
/// "FIRST-LAST". Throws Error(kUsage) naming --remine-ranks for anything else.
RankRange parse_ranks(const std::string& text);

}  // namespace recto
