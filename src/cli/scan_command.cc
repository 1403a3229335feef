// recto dataset scan: a dataset as if its documents had been printed and scanned.
#include <memory>

#include "base/log.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "curate/dataset_scan.h"

namespace recto {
namespace {

struct Options {
  std::string directory;
  std::string output;
  std::string ocr = "off";
  ScanOptions scan;
  bool json = false;
};

int run(Options options) {
  options.scan.ocr = options.ocr == "tesseract";
  if (options.scan.threads == 0) options.scan.threads = available_cores();
  const ScanReport report = scan_dataset(options.directory, options.output, options.scan);
  std::string lines = describe(report);
  lines.pop_back();
  log_info("{}", lines);
  if (report.reading.without_pack > 0) {
    log_warning("{} pages are without text: the packs of their languages are not installed",
                report.reading.without_pack);
  }
  if (!options.json) return 0;
  Json json = report_json(report);
  json["output"] = options.output;
  print_result(pretty_json(json));
  return 0;
}

}  // namespace

void add_scan_command(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  options->scan.threads = 0;
  CLI::App& app = line.add_command(kDatasetCommands, kDatasetCommandsDescription, "scan",
                                   "The dataset as if its documents were printed and scanned",
                                   [options] { return run(*options); });
  add_dataset_argument(app, options->directory);
  add_setting(app, "split", options->scan.splits, "Only the pages of this split", kInputGroup)
      ->type_name("NAME");
  add_setting(app, "ocr", options->ocr,
              "tesseract: it reads the text of the scanned pages; off: they have none", kInputGroup)
      ->check(CLI::IsMember({"tesseract", "off"}).description(""))
      ->type_name("tesseract|off");
  add_seed_option(app, options->scan.seed);
  add_output_option(app, options->output, "The new dataset directory")->type_name("DIR");
  add_setting(app, "longest-edge", options->scan.longest_edge,
              "Longest side of a scanned picture in pixels; 0 keeps sizes", kOutputGroup)
      ->type_name("PIXELS")
      ->check((CLI::Range(0, 0) | CLI::Range(16, 8192)).description(""));
  add_setting(app, "jpeg-quality", options->scan.jpeg_quality, "Quality of scanned pictures",
              kOutputGroup)
      ->type_name("N")
      ->check(CLI::Range(1, 100).description(""));
  add_json_option(app, options->json);
  add_setting(app, "threads", options->scan.threads, "Pages at a time; 0 is one for each core",
              kSpeedGroup)
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
}

}  // namespace recto
