#pragma once
// What must be so before a training starts, beyond what its settings say alone.

#include "learn/step_source.h"
#include "learn/train_settings.h"
#include "model/model_directory.h"

namespace recto {

/// What goes by measurements needs something to measure on: throws Error(kUsage) naming the option.
void check_measurable(const StepSource& steps, const TrainSettings& settings);

/// A directory that keeps its adapter apart is two things, and which one is meant must be said:
/// throws Error(kUsage) telling how. `model` was opened with the adapter of `settings`, if any.
void check_start(const ModelDirectory& model, const TrainSettings& settings);

}  // namespace recto
