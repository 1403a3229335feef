#include "cli/options.h"
#include "cli/train_options.h"

namespace recto {

void add_train_feature_options(CLI::App& app, TrainSettings& settings) {
  add_setting(
      app, "feature-store", settings.feature_store,
      "Directory that keeps what a frozen vision tower makes of each page, for later epochs "
      "and runs (default: in memory)",
      kSpeedGroup)
      ->type_name("DIR");
  add_setting(app, "feature-dtype", settings.feature_dtype,
              "Type in which that is kept; fp16 takes half the room of fp32 and rounds",
              kSpeedGroup)
      ->type_name("fp32|fp16|bf16")
      ->check(CLI::IsMember({"fp32", "fp16", "bf16"}).description(""));
}

}  // namespace recto
