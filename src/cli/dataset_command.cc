// recto dataset: what is in a dataset, whether it keeps its promises, and other layouts.
#include <fmt/ranges.h>

#include <memory>

#include "base/log.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "data/dataset_export.h"
#include "data/dataset_forget.h"
#include "data/dataset_import.h"
#include "data/dataset_info.h"
#include "data/dataset_review.h"
#include "data/dataset_validate.h"

namespace recto {
namespace {

void add_changed_output(CLI::App& app, std::string& output) {
  add_setting(app, "output", output,
              "Write the result to this new directory (default: change the dataset in place)",
              kOutputGroup)
      ->type_name("DIR");
}

struct InfoOptions {
  std::string directory;
  bool json = false;
};

int info(const InfoOptions& options) {
  const Json info = dataset_info(options.directory);
  print_result(options.json ? pretty_json(info) : describe_dataset(info));
  return 0;
}

void add_info(CommandLine& line) {
  const auto options = std::make_shared<InfoOptions>();
  CLI::App& app =
      line.add_command(kDatasetCommands, kDatasetCommandsDescription, "info",
                       "Count what is in the tables", [options] { return info(*options); });
  add_dataset_argument(app, options->directory);
  add_json_option(app, options->json);
}

struct ValidateCommand {
  std::string directory;
  bool no_images = false;
  bool json = false;
  ValidateOptions validate;
};

int validate(ValidateCommand options) {
  options.validate.images = !options.no_images;
  if (options.validate.threads == 0) options.validate.threads = available_cores();
  const Validation validation = validate_dataset(options.directory, options.validate);
  print_result(options.json ? pretty_json(validation_json(validation)) : describe(validation));
  return validation.ok() ? 0 : 1;
}

void add_validate(CommandLine& line) {
  const auto options = std::make_shared<ValidateCommand>();
  options->validate.threads = 0;
  CLI::App& app = line.add_command(kDatasetCommands, kDatasetCommandsDescription, "validate",
                                   "Prove what the dataset promises; exit status 1 if it does not",
                                   [options] { return validate(*options); });
  add_dataset_argument(app, options->directory);
  add_setting(app, "no-images", options->no_images, "Leave the images undecoded", kInputGroup);
  add_setting(app, "sample", options->validate.sample,
              "Decode only so many images, evenly spread; 0 is all", kInputGroup)
      ->type_name("N")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 40).description(""));
  add_json_option(app, options->json);
  add_setting(app, "threads", options->validate.threads,
              "Images decoded at a time; 0 is one for each core", kSpeedGroup)
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
}

struct ExportCommand {
  std::string directory, output;
  ExportOptions options;
  bool json = false;
};

int run_export(const ExportCommand& command) {
  const Json counts = export_dataset(command.directory, command.output, command.options);
  if (command.json) {
    print_result(pretty_json(
        {{"format", command.options.format}, {"output", command.output}, {"splits", counts}}));
    return 0;
  }
  std::string text;
  for (const auto& [split, facts] : counts.items()) {
    text += fmt::format("{}: {}\n", split, dump_json(facts));
  }
  print_result(text);
  return 0;
}

void add_export(CommandLine& line) {
  const auto command = std::make_shared<ExportCommand>();
  CLI::App& app = line.add_command(kDatasetCommands, kDatasetCommandsDescription, "export",
                                   "Write the dataset in the layout of another tool",
                                   [command] { return run_export(*command); });
  add_dataset_argument(app, command->directory);
  add_setting(app, "format", command->options.format, "Layout", kOutputGroup)
      ->type_name(fmt::format("{}", fmt::join(export_formats(), "|")))
      ->check(CLI::IsMember(export_formats()).description(""))
      ->required();
  add_output_option(app, command->output, "The new directory")->type_name("DIR");
  add_setting(app, "split", command->options.splits, "Only this split", kInputGroup)
      ->type_name("NAME");
  add_setting(app, "negatives", command->options.negatives,
              "Most columns of negatives (ogc, sentence-transformers)", kOutputGroup)
      ->type_name("N")
      ->check(CLI::Range(0, 16).description(""));
  add_json_option(app, command->json);
}

struct ImportCommand {
  std::string path, output;
  ImportOptions options;
  bool json = false;
};

int run_import(ImportCommand command) {
  if (command.options.threads == 0) command.options.threads = available_cores();
  const ImportReport report = import_dataset(command.path, command.output, command.options);
  if (!report.failed.empty()) log_warning("{} bad images were skipped", report.failed.size());
  if (command.json) {
    print_result(pretty_json({{"format", report.format},
                              {"output", command.output},
                              {"pages", report.pages},
                              {"left_out", report.counts},
                              {"failed", report.failed.size()}}));
  } else {
    std::string text = fmt::format("{} pages from the layout {}\n", report.pages, report.format);
    for (const auto& [reason, count] : report.counts) {
      text += fmt::format("  {} {}\n", count, reason);
    }
    print_result(text);
  }
  return report.failed.empty() ? 0 : 1;
}

void add_import(CommandLine& line) {
  const auto command = std::make_shared<ImportCommand>();
  command->options.threads = 0;
  CLI::App& app = line.add_command(kDatasetCommands, kDatasetCommandsDescription, "import",
                                   "Make a dataset of one in the layout of another tool",
                                   [command] { return run_import(*command); });
  app.add_option("PATH", command->path, "A Parquet file, or a directory of a dataset")
      ->required()
      ->configurable(false);
  add_setting(app, "format", command->options.format, "Layout", kInputGroup)
      ->type_name(fmt::format("{}", fmt::join(import_formats(), "|")))
      ->check(CLI::IsMember(import_formats()).description(""));
  add_setting(
      app, "split", command->options.split,
      "Split of files whose name says none (default: train, or test for mteb, vidore, beir)",
      kInputGroup)
      ->type_name("train|validation|test")
      ->check(CLI::IsMember({"train", "validation", "test"}).description(""));
  add_keep_going_option(app, command->options.keep_going);
  add_output_option(app, command->output, "The new dataset directory")->type_name("DIR");
  add_json_option(app, command->json);
  add_setting(app, "threads", command->options.threads,
              "Images decoded at a time; 0 is one for each core", kSpeedGroup)
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
}

struct ReviewCommand {
  std::string directory, review, output;
  bool force = false;
  bool json = false;
};

int run_review(const ReviewCommand& command) {
  const Review review = read_review(command.review);
  const ReviewReport report =
      apply_review(command.directory, review, {command.output, command.force});
  if (command.json) {
    print_result(pretty_json({{"accepted", report.accepted},
                              {"rejected", report.rejected},
                              {"absent", report.absent},
                              {"queries_dropped", report.queries_dropped},
                              {"negatives_dropped", report.negatives_dropped}}));
  } else {
    print_result(fmt::format(
        "{} pairs accepted, {} rejected; {} queries left without an answer are dropped, with {} "
        "negatives\n{}",
        report.accepted, report.rejected, report.queries_dropped, report.negatives_dropped,
        report.absent == 0
            ? ""
            : fmt::format("{} decisions are of pairs that are not there\n", report.absent)));
  }
  return 0;
}

void add_review(CommandLine& line) {
  const auto command = std::make_shared<ReviewCommand>();
  CLI::App& app = line.add_command(kDatasetCommands, kDatasetCommandsDescription, "apply-review",
                                   "Take out the pairs that were rejected in report.html",
                                   [command] { return run_review(*command); });
  add_dataset_argument(app, command->directory);
  app.add_option("REVIEW", command->review, "The file that report.html exported")
      ->required()
      ->configurable(false);
  add_setting(app, "force", command->force,
              "Also a review of another dataset, or one applied before", kInputGroup);
  add_changed_output(app, command->output);
  add_json_option(app, command->json);
}

struct ForgetCommand {
  std::string directory, output;
  std::vector<std::string> documents;
  bool json = false;
};

int run_forget(const ForgetCommand& command) {
  const ForgetReport report =
      forget_documents(command.directory, {command.documents, command.output});
  print_result(command.json ? pretty_json(report_json(report)) : describe(report));
  return 0;
}

void add_forget(CommandLine& line) {
  const auto command = std::make_shared<ForgetCommand>();
  CLI::App& app = line.add_command(kDatasetCommands, kDatasetCommandsDescription, "forget",
                                   "Remove documents and all that came from them, with proof",
                                   [command] { return run_forget(*command); });
  add_dataset_argument(app, command->directory);
  add_paths(app, "DOCUMENT", command->documents,
            "Document ids, their first 8 digits or more, or shell patterns of source names")
      ->type_name("TEXT");
  add_changed_output(app, command->output);
  add_json_option(app, command->json);
}

}  // namespace

void add_dataset_commands(CommandLine& line) {
  add_info(line);
  add_validate(line);
  add_export(line);
  add_import(line);
  add_review(line);
  add_forget(line);
}

}  // namespace recto
