// recto synthesize: pages in many fonts and layouts, to learn reading from.
#include <memory>

#include "base/log.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "model/document_texts.h"
#include "page/synthesize.h"

namespace recto {
namespace {

constexpr int64_t kMaxPages = 10'000'000;

struct Options {
  std::vector<std::string> paths, leave_out;
  std::string output;
  SynthesisSettings settings;
};

int run(Options options) {
  if (options.settings.threads == 0) options.settings.threads = available_cores();
  const SynthesisReport report = synthesize_pages(documents_of(options.paths, options.leave_out),
                                                  options.output, options.settings);
  log_info("{} pages with {} words, in fonts of {} families, in {} documents in {}", report.pages,
           report.words, report.families, report.documents, options.output);
  return 0;
}

}  // namespace

void add_synthesize_command(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  options->settings.threads = 0;
  CLI::App& app = line.add_command(
      "synthesize", "PDFs of synthetic pages, for train --objective reading to learn from",
      [options] { return run(*options); });
  add_paths(app, "PDF", options->paths, "PDFs and folders of PDFs whose words are drawn")
      ->type_name("PATH");
  add_setting(app, "leave-out", options->leave_out,
              "Documents that are not read: a pattern of their whole path", kInputGroup)
      ->type_name("PATTERN");
  add_setting(app, "fonts", options->settings.fonts,
              "Folder with fonts, .ttf and .otf, in folders below it too", kInputGroup)
      ->type_name("DIR")
      ->required();
  add_output_option(app, options->output, "The new directory of PDFs")->type_name("DIR");
  add_setting(app, "pages", options->settings.pages, "Pages in all", kOutputGroup)
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, kMaxPages).description(""));
  add_setting(app, "pages-per-document", options->settings.document_pages,
              "Pages of one document, at most", kOutputGroup)
      ->type_name("N")
      ->check(CLI::Range(1, 1000).description(""));
  add_seed_option(app, options->settings.seed);
  add_setting(app, "threads", options->settings.threads,
              "Documents written at a time; 0 is one for each core", kSpeedGroup)
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
}

}  // namespace recto
