#pragma once
// What train.json says of the data of a training (docs/formats/training.md).

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"

namespace recto {

struct TrainingRecord {
  struct Source {
    std::filesystem::path path;
    std::string id;  ///< training_data_id() when the training began; "" when it is not said
  };
  std::vector<Source> sources;
  std::filesystem::path model;  ///< that the training began with; "" when it is not said
};

/// The id of the dataset (data/dataset_id.h), or the SHA-256 of a file of text pairs; "" for a
/// dataset without a manifest.
std::string training_data_id(const std::filesystem::path& path);

/// The list "data" of train.json for these paths: `{path, id}` each, paths from the root.
Json training_record_json(const std::vector<std::filesystem::path>& paths);

/// Reads "data", or, of a train.json without it, the paths among its settings. Throws
/// Error(kNotFound | kBadInput) naming the file and what is missing.
TrainingRecord read_training_record(const std::filesystem::path& train_json);

}  // namespace recto
