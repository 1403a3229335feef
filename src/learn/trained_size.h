#pragma once
// How much of a model a run trains, before the model is read. Without torch.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "learn/train_settings.h"
#include "model/adapter.h"

namespace recto {

struct TrainedSize {
  int64_t all = 0;      ///< numbers in the model, adapters included
  int64_t trained = 0;  ///< those that are trained
  bool vision = false;  ///< whether any of the vision tower or the connector is
  /// Whether anything is that makes weights over the vocabulary, the vision tower included.
  bool weighing = false;
};

/// Whether torch needs them: a run trains them, or is not on the CPU, where the engine computes
/// what they make of a page.
bool torch_sees(const TrainedSize& size, const TrainSettings& settings);

/// --lora-targets, or q, k, v, o, gate, up and down of the text model, as PEFT's target_modules.
std::string lora_targets(const TrainSettings& settings);

/// The layers that --lora-targets selects. Throws Error(kUsage) naming the option for a bad pattern
/// and for one that selects none.
std::vector<std::string> adapted_layers(const TrainSettings& settings, const ModelConfig& config);

/// `adapter` is the one that settings.adapter names. Throws as adapted_layers.
TrainedSize trained_size(const ModelConfig& config, const TrainSettings& settings,
                         const std::optional<Adapter>& adapter);

}  // namespace recto
