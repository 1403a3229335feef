#pragma once
// The learning rate over a training. Without torch.

#include <cstdint>
#include <string>

namespace recto {

/// Steps of a training of so many epochs of `per_epoch` steps, at least 1, at most `max_steps`
/// unless that is 0. Throws Error(kUsage) for more than can be counted (2^53).
int64_t count_steps(double epochs, int64_t per_epoch, int64_t max_steps);

/// The share of the training that "--warmup" is: itself below 1, else steps of `total`. Warns when
/// the training ends with the warm-up or before it.
double warmup_share(double warmup, int64_t total);

enum class Schedule { kCosine, kLinear, kConstant };

/// "cosine", "linear" or "constant". Throws Error(kUsage) naming them for another name.
Schedule parse_schedule(const std::string& name);

/// Factor of the learning rate at `progress` in [0, 1] of the training: linear from 0 over the
/// first `warmup` of it, then half a cosine to 0, a line to 0, or 1.
double schedule_factor(double progress, double warmup, Schedule schedule = Schedule::kCosine);

}  // namespace recto
