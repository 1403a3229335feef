#pragma once
// The safetensors files of a checkpoint directory: one file, or the shards an index names.

#include <filesystem>
#include <memory>
#include <vector>

#include "model/safetensors.h"

namespace recto {

struct WeightFile {
  std::filesystem::path path;
  std::shared_ptr<const SafetensorsFile> content;
};

/// model.safetensors if it is there, else the shards of model.safetensors.index.json. Throws
/// Error(kNotFound) when there is neither or a shard is missing, Error(kBadInput) naming the
/// tensor for an index that does not say what the shards hold, or a shard name with a path in it.
std::vector<WeightFile> open_weight_files(const std::filesystem::path& model_directory);

}  // namespace recto
