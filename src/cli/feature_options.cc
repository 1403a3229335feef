#include "cli/feature_options.h"

#include "cli/options.h"

namespace recto {

void add_feature_options(CLI::App& app, std::string& store, std::string& dtype,
                         const std::string& what) {
  add_setting(app, "feature-store", store, what, kSpeedGroup)->type_name("DIR");
  add_setting(app, "feature-dtype", dtype,
              "Type in which that is kept; fp16 takes half the room of fp32 and rounds",
              kSpeedGroup)
      ->type_name("fp32|fp16|bf16")
      ->check(CLI::IsMember({"fp32", "fp16", "bf16"}).description(""));
}

}  // namespace recto
