#pragma once
// What a system was trained on: datasets, or what the record of a training names.

#include <filesystem>
#include <string>
#include <vector>

namespace recto {

/// One source of training data.
struct TrainingSource {
  std::filesystem::path path;
  bool is_dataset = true;  ///< or another folder; else a file of text pairs (data/text_pairs.h)
  std::string named_by;    ///< the train.json that names it, "" when somebody named it directly
};

/// Each of `paths` is a dataset, a folder in another layout that curate/exclusions.h reads, a file
/// of text pairs, or a model directory or its train.json (docs/formats/training.md), which stands
/// for the data of that training and of the model it began with, as far as that has a train.json.
/// Throws Error(kNotFound) for what is not there, naming the train.json, Error(kMismatch) when the
/// data is no longer what was trained on, Error(kBadInput) for a train.json that says nothing of
/// data.
std::vector<TrainingSource> resolve_training(const std::vector<std::filesystem::path>& paths);

}  // namespace recto
