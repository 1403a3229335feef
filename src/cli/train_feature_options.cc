#include "cli/feature_options.h"
#include "cli/train_options.h"

namespace recto {

void add_train_feature_options(CLI::App& app, TrainSettings& settings) {
  add_feature_options(
      app, settings.feature_store, settings.feature_dtype,
      "Directory that keeps what the run does not change of each page (what a frozen vision tower "
      "makes, or its weights), for later epochs and runs (default: in memory)");
}

}  // namespace recto
