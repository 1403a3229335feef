#pragma once
// The adapter_config.json of an adapter that is trained on.

#include <filesystem>
#include <string>

#include "model/adapter.h"

namespace recto {

/// What to write for `adapter`, which was read from `directory`, once it was trained on with
/// `dropout` on the base model `base_model`. Only keys that every version of PEFT since 0.9 reads.
/// target_modules stays when it selects the same layers in the naming of the bare model;
/// otherwise, and for rank_pattern and alpha_pattern, layers are named one by one. Throws as
/// read_adapter.
Json continued_adapter_config(const Adapter& adapter, const std::filesystem::path& directory,
                              const ModelConfig& model, double dropout,
                              const std::string& base_model);

}  // namespace recto
