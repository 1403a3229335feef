// recto curate: documents to a dataset.
#include <cstdio>
#include <memory>

#include "base/error.h"
#include "base/log.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "curate/curate.h"
#include "curate/shard.h"

namespace recto {
namespace {

struct Options {
  std::vector<std::string> paths;
  std::string output;
  CurateOptions curate;
  int threads = 0;
  std::string sources;
  std::string shard;
  bool json = false;
};

/// "2/5".
ShardPart parse_shard(const std::string& text) {
  ShardPart part;
  int used = 0;
  if (std::sscanf(text.c_str(), "%d/%d%n", &part.index, &part.count, &used) != 2 ||
      used != static_cast<int>(text.size())) {
    fail(ErrorCode::kUsage, "--shard {}: I/N is wanted, such as 1/4", text);
  }
  return part;
}

int run(Options options) {
  options.curate.threads = options.threads > 0 ? options.threads : available_cores();
  options.curate.sources = options.sources;
  const std::vector<std::filesystem::path> paths(options.paths.begin(), options.paths.end());
  const CurateReport report =
      options.shard.empty()
          ? curate(paths, options.output, options.curate)
          : curate_shard(paths, options.output, options.curate, parse_shard(options.shard));
  if (!report.failed.empty()) log_warning("{} bad inputs were skipped", report.failed.size());
  Json json = report_json(report);
  json["failed"] = report.failed.size();
  print_result(options.json ? pretty_json(json) : describe(report));
  return report.failed.empty() ? 0 : 1;
}

}  // namespace

void add_curate_command(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CurateOptions& curate = options->curate;
  CLI::App& app =
      line.add_command("curate", "A dataset of pages and queries from PDFs and page images",
                       [options] { return run(*options); });
  add_paths(app, "PATH", options->paths,
            "PDFs, images, office files, archives, and folders that hold them");
  add_setting(app, "sources", options->sources,
              "Where files come from: a table with the columns glob, title, licence, url, language",
              kInputGroup)
      ->type_name("FILE.csv");
  add_setting(app, "require-licence", curate.require_licence,
              "Leave out files for which --sources names no licence", kInputGroup);
  add_setting(app, "test-documents", curate.test_documents,
              "Documents whose families are the test, as a shell pattern of file name or path",
              kInputGroup)
      ->type_name("GLOB");
  add_setting(app, "test-share", curate.test_share,
              "Share of the families in the test (default: 0.1, or 0 with --test-documents)",
              kInputGroup)
      ->type_name("SHARE")
      ->check(CLI::Range(0.0, 1.0).description(""));
  add_setting(app, "validation-share", curate.validation_share,
              "Share of the families in the validation split", kInputGroup)
      ->type_name("SHARE")
      ->check(CLI::Range(0.0, 1.0).description(""));
  add_setting(app, "generic-families", curate.generic_families,
              "A heading in that many families is no query", kInputGroup)
      ->type_name("N");
  add_setting(app, "max-pages-per-query", curate.max_pages_per_query,
              "A heading on more pages of its family is no query", kInputGroup)
      ->type_name("N");
  add_keep_going_option(app, curate.keep_going);
  add_seed_option(app, curate.seed);
  add_output_option(app, options->output, "The new dataset directory")->type_name("DIR");
  add_setting(app, "longest-edge", curate.longest_edge, "Longest side of a page picture in pixels",
              kOutputGroup)
      ->type_name("PIXELS")
      ->check(CLI::Range(16, 8192).description(""));
  add_setting(app, "jpeg-quality", curate.jpeg_quality, "Quality of page pictures", kOutputGroup)
      ->type_name("N")
      ->check(CLI::Range(1, 100).description(""));
  add_setting(app, "shard", options->shard,
              "Read only part I of N of the files; recto dataset merge joins the N outputs",
              kOutputGroup)
      ->type_name("I/N");
  add_json_option(app, options->json);
  add_setting(app, "threads", options->threads, "Documents read at a time; 0 is one for each core",
              kSpeedGroup)
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
}

}  // namespace recto
