#pragma once
// The options of "train", declared once for recto, which passes them on, and recto-train, which
// acts on them. No torch here.

#include <CLI/CLI.hpp>

#include "learn/reading_settings.h"
#include "learn/train_settings.h"

namespace recto {

struct TrainOptions {
  std::string objective = "retrieval";  ///< or "reading"
  TrainSettings settings;
  ReadingSettings reading;
};

void add_train_options(CLI::App& app, TrainOptions& options);

// Parts of it, each in a file of its own.

/// The data, and which of it a step has.
void add_train_data_options(CLI::App& app, TrainSettings& settings);
/// What is minimised.
void add_train_loss_options(CLI::App& app, TrainSettings& settings);
/// The features of pages that are kept.
void add_train_feature_options(CLI::App& app, TrainSettings& settings);
/// What is trained: adapters or everything, and how the model becomes one vector.
void add_train_method_options(CLI::App& app, TrainSettings& settings);
/// How it is optimised and computed.
void add_train_optimizer_options(CLI::App& app, TrainSettings& settings);
/// What is trained for, and how a model learns to read.
void add_train_reading_options(CLI::App& app, TrainOptions& options);
/// Which of its states becomes the model.
void add_train_selection_options(CLI::App& app, TrainSettings& settings);

}  // namespace recto
