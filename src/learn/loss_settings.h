#pragma once
// The part of TrainSettings that says what is minimised. Without torch.

#include "base/json.h"
#include "learn/train_settings.h"

namespace recto {

/// Throws Error(kUsage) naming the option for a value that cannot be meant, a loss that learns from
/// a teacher when there is none, a teacher that no loss learns from, and an option that is not the
/// default but has no effect without another, naming that one too.
void check_loss_settings(const TrainSettings& settings);

/// The entries of TrainSettings::to_json() about it.
Json loss_settings_json(const TrainSettings& settings);

}  // namespace recto
