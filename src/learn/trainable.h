#pragma once
// Which parameters of a model a run trains.

#include <optional>
#include <string>
#include <vector>

#include "learn/optimizer.h"
#include "learn/retriever_model.h"
#include "learn/train_settings.h"
#include "model/adapter.h"

namespace recto {

struct Trainable {
  std::vector<NamedParameter> parameters;  ///< those that require a gradient, in the model's order
  std::optional<Json> lora;                ///< with --method lora: adapter_config.json
  int64_t count = 0;                       ///< numbers in all parameters
  int64_t all = 0;                         ///< numbers in the whole model
};

/// Puts adapters on `model`, or freezes what settings.freeze matches (each pattern a regular
/// expression for the whole name of a parameter), and says on stderr how many modules or
/// parameters each pattern matched. Throws Error(kUsage) for a pattern that matches nothing and
/// when nothing is left to train.
/// `adapter`, read from settings.adapter, is put on the model in place of a fresh one.
Trainable choose_trainable(RetrieverModel& model, const TrainSettings& settings,
                           const std::string& base_model,
                           const std::optional<Adapter>& adapter = std::nullopt);

}  // namespace recto
