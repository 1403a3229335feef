#pragma once
// LoRA adapters in training: put fresh on a model, and taken off it again.

#include <cstdint>
#include <string>
#include <vector>

#include "learn/retriever_model.h"
#include "model/adapter.h"

namespace recto {

/// "kaiming" (PEFT's own) or "gaussian" as LoraOptions::init has it. Throws Error(kUsage).
std::string parse_lora_init(const std::string& name);

/// Freezes the whole model and puts fresh adapters on the linear layers that
/// options.target_modules selects. B is zero, so that nothing changes yet; A is uniform in
/// ±1/sqrt(in) or, for "gaussian", normal with standard deviation 1/r, drawn from `seed`, each
/// module its own stream. Only the adapters require a gradient afterwards. Returns the paths.
/// Throws Error(kUsage) when no layer is selected, and what match_modules throws for a bad pattern.
std::vector<std::string> add_lora(RetrieverModel& model, const LoraOptions& options, uint64_t seed);

/// The adapters on `model`; `config` is their adapter_config.json.
Adapter extract_adapter(RetrieverModel& model, const Json& config);

}  // namespace recto
