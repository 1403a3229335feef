#pragma once
// The options of "train", declared once for recto, which passes them on, and recto-train, which
// acts on them. No torch here.

#include <CLI/CLI.hpp>

#include "learn/train_settings.h"

namespace recto {

void add_train_options(CLI::App& app, TrainSettings& settings);

/// Those of them that are about the data.
void add_train_data_options(CLI::App& app, TrainSettings& settings);
/// Those of one part each, for add_train_options().
void add_feature_options(CLI::App& app, TrainSettings& settings);

}  // namespace recto
