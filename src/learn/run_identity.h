#pragma once
// What decides the result of a run: "run" in train.json and checkpoints (docs/formats/training.md).

#include <filesystem>

#include "base/json.h"
#include "learn/batch_knowledge.h"
#include "learn/step_source.h"
#include "learn/train_settings.h"
#include "model/model_directory.h"

namespace recto {

/// SHA-256 by name of the files beside the weights that decide what a model computes or reads:
/// config.json, tokenizer.json and the like.
Json model_files(const std::filesystem::path& model);

/// The settings without those that say where things are or how fast they go, and hashes of the
/// model to start from with its files, the contract of the output, the data and what `knowledge`
/// has of them.
Json run_identity(const TrainSettings& settings, const ModelDirectory& directory,
                  const Contract& contract, const StepSource& steps,
                  const BatchKnowledge& knowledge);

}  // namespace recto
