#include "cli/resampling_options.h"

#include "cli/options.h"

namespace recto {

void add_resampling_options(CLI::App& app, Resampling& resampling) {
  add_seed_option(app, resampling.seed);
  add_setting(app, "resamples", resampling.resamples, "Samples of the bootstrap intervals",
              kStatisticsGroup)
      ->type_name("N")
      ->check(CLI::Range(100, 10000000).description(""));
  add_setting(
      app, "permutations", resampling.permutations,
      "Signs drawn by the randomisation test (up to 12 differences all signs are tried), and "
      "exchanges of pages drawn against random order",
      kStatisticsGroup)
      ->type_name("N")
      ->check(CLI::Range(10000, 10000000).description(""));
}

}  // namespace recto
