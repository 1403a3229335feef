#pragma once
// The options of "train", declared once for recto, which passes them on, and recto-train, which
// acts on them. No torch here.

#include <CLI/CLI.hpp>

#include "learn/train_settings.h"

namespace recto {

void add_train_options(CLI::App& app, TrainSettings& settings);

/// Those of one part each, for add_train_options(): the data, what is minimised, and the features
/// of pages that are kept.
void add_train_data_options(CLI::App& app, TrainSettings& settings);
void add_train_loss_options(CLI::App& app, TrainSettings& settings);
void add_train_feature_options(CLI::App& app, TrainSettings& settings);

}  // namespace recto
