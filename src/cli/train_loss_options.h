#pragma once
// The options of "train" that say what is minimised.

#include <CLI/CLI.hpp>

#include "learn/train_settings.h"

namespace recto {

void add_train_loss_options(CLI::App& app, TrainSettings& settings);

}  // namespace recto
