#pragma once
// The learning rate over a training. Without torch.

#include <string>

namespace recto {

enum class Schedule { kCosine, kLinear, kConstant };

/// "cosine", "linear" or "constant". Throws Error(kUsage) naming them for another name.
Schedule parse_schedule(const std::string& name);

/// Factor of the learning rate at `progress` in [0, 1] of the training: linear from 0 over the
/// first `warmup` of it, then half a cosine to 0, a line to 0, or 1.
double schedule_factor(double progress, double warmup, Schedule schedule = Schedule::kCosine);

}  // namespace recto
