// recto dataset merge: the shards of a curation to the dataset.
#include <memory>

#include "base/threads.h"
#include "cli/commands.h"
#include "cli/curation_result.h"
#include "cli/options.h"
#include "curate/shard.h"

namespace recto {
namespace {

struct Options {
  std::vector<std::string> shards;
  std::string output;
  int threads = 0;
  bool json = false;
};

int run(const Options& options) {
  const std::vector<std::filesystem::path> shards(options.shards.begin(), options.shards.end());
  const CurateReport report = merge_shards(
      shards, options.output, options.threads > 0 ? options.threads : available_cores());
  return print_curation(report, options.json);
}

}  // namespace

void add_merge_command(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App& app =
      line.add_command(kDatasetCommands, kDatasetCommandsDescription, "merge",
                       "Join the shards of a curation", [options] { return run(*options); });
  add_paths(app, "SHARD", options->shards, "Outputs of recto curate --shard, all of one run");
  add_output_option(app, options->output, "The new dataset directory")->type_name("DIR");
  add_json_option(app, options->json);
  add_setting(app, "threads", options->threads, "Threads; 0 is one for each core", kSpeedGroup)
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
}

}  // namespace recto
