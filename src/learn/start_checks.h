#pragma once
// What must be so before a training starts, beyond what its settings say alone.

#include <memory>

#include "learn/step_source.h"
#include "learn/train_settings.h"
#include "model/contract.h"
#include "model/model_directory.h"

namespace recto {

/// The data of a run and its steps; of several processes, which have the same, the first alone
/// tells of them. Throws what StepSource throws, and Error(kUsage) naming the option for one that
/// goes by measurements where there is nothing to measure on; without such an option a warning says
/// what comes of a training that nothing watches.
std::unique_ptr<StepSource> open_steps(const TrainSettings& settings, const ProcessGroup& group);

/// A directory that keeps its adapter apart is two things, and which one is meant must be said:
/// throws Error(kUsage) telling how. So does an adapter for vectors that come from the vocabulary,
/// in which the layers it would be put on take no part. `model` was opened with the adapter of
/// `settings`, if any.
void check_start(const ModelDirectory& model, const TrainSettings& settings);
void check_method(const Contract& output, const TrainSettings& settings);

}  // namespace recto
