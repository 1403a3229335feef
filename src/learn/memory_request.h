#pragma once
// What a run asks of memory: its data, its model, and what of it is trained.

#include "learn/memory_estimate.h"
#include "learn/process_group.h"
#include "learn/step_source.h"
#include "learn/train_settings.h"
#include "model/model_directory.h"

namespace recto {

/// Of this process, or of the one that does the most of each step. `directory` is the model to
/// start from with its adapter apart, `contract` that of the output. Throws as trained_size().
MemoryRequest memory_request(const StepSource& steps, const TrainSettings& settings,
                             const ModelDirectory& directory, const Contract& contract,
                             const ProcessGroup& group);

}  // namespace recto
