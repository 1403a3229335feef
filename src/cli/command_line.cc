#include "cli/command_line.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/shrunk_file.h"
#include "base/version.h"
#include "cli/config_file.h"
#include "cli/help_format.h"
#include "cli/options.h"

namespace recto {
namespace {

// The file of --config has to be known before the other options are read.
std::string find_config_argument(int argc, char** argv) {
  std::string file;
  if (const char* value = std::getenv("RECTO_CONFIG")) file = value;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--") break;
    if (argument == "--config" && i + 1 < argc) file = argv[i + 1];
    if (argument.rfind("--config=", 0) == 0) file = argument.substr(9);
  }
  return file;
}

void say_error(const std::string& message) {
  std::fprintf(stderr, "recto: %s\n", message.c_str());
  std::fflush(stderr);
}

const CLI::App& deepest_command(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : deepest_command(*chosen.front());
}

std::string full_name(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : full_name(*parent) + " " + app.get_name();
}

int say_usage_error(const CLI::App& app, const std::string& message) {
  const CLI::App& command = deepest_command(app);
  say_error(message);
  std::fprintf(stderr, "Run \"%s --help\" for what it takes.\n", full_name(command).c_str());
  return exit_status(ErrorCode::kUsage);
}

/// The option whose name `message` begins with; null when it begins with something else.
const CLI::Option* named_first(const CLI::App& command, const std::string& message) {
  const std::string name = message.substr(0, message.find_first_of(" :=;,"));
  return name.starts_with("--") ? command.get_option_no_throw(name) : nullptr;
}

std::string usage_message(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = deepest_command(app);
  const bool no_command = !command.get_subcommands([](const CLI::App*) { return true; }).empty();
  if (no_command) {
    const auto rest = command.remaining(true);
    if (rest.empty()) return fmt::format("{} needs a command", full_name(command));
    return fmt::format("{} has no command \"{}\"", full_name(command), rest.front());
  }
  const CLI::Option* option = named_first(command, error.what());
  const bool repeated = option != nullptr && error.get_name() == "ArgumentMismatch" &&
                        option->count() > 1 && option->get_items_expected_max() == 1;
  if (!repeated) return error.what();
  return fmt::format("{} is given {} times; once is wanted", option->get_name(), option->count());
}

bool is_given(const CLI::Option& option, const std::vector<std::string>& arguments) {
  const std::string name = option.get_name();
  return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
    return argument == name || argument.starts_with(name + "=");
  });
}

/// CLI11 reads the variables of every command, whichever is run: one variable may mean a number to
/// one command and a list to another (RECTO_DIMENSIONS).
void ignore_variables_of_others(CLI::App& app, const CLI::App& chosen) {
  if (&app == &chosen) return;
  for (CLI::Option* option : app.get_options()) option->envname("");
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    ignore_variables_of_others(*command, chosen);
  }
}

}  // namespace

CommandLine::CommandLine(const std::string& program, const std::string& description,
                         const std::string& version_note)
    : app_(description, program) {
  app_.require_subcommand(1);
  app_.set_version_flag("--version", program + " " + recto_version() + version_note,
                        "Print the version and exit")
      ->group(kGeneralGroup);
  app_.set_help_flag("-h,--help", "Print this help and exit")->group(kGeneralGroup);
  const auto format = std::make_shared<HelpFormat>();
  format->label("Positionals", "Arguments");
  app_.formatter(format);
}

CLI::App& CommandLine::add_command(const std::string& name, const std::string& description,
                                   std::function<int()> run) {
  return declare(app_, name, description, std::move(run));
}

CLI::App& CommandLine::add_command(const std::string& group, const std::string& group_description,
                                   const std::string& name, const std::string& description,
                                   std::function<int()> run) {
  CLI::App*& parent = groups_[group];
  if (parent == nullptr) {
    parent = app_.add_subcommand(group, group_description)->group("Commands");
    parent->require_subcommand(1);
    parent->get_help_ptr()->group(kGeneralGroup);
  }
  return declare(*parent, name, description, std::move(run));
}

CLI::App& CommandLine::declare(CLI::App& parent, const std::string& name,
                               const std::string& description, std::function<int()> run) {
  CLI::App& command = *parent.add_subcommand(name, description)->group("Commands");
  command.get_help_ptr()->group(kGeneralGroup);
  command.preparse_callback(
      [this, &command](size_t) { ignore_variables_of_others(app_, command); });
  command.final_callback([this, run = std::move(run)] { chosen_ = run; });
  add_setting(command, "config", common_.config, "Read options from a TOML file", kGeneralGroup)
      ->type_name("FILE")
      ->configurable(false);
  add_setting(command, "quiet", common_.quiet, "Say nothing but warnings and errors",
              kGeneralGroup);
  add_setting(command, "verbose", common_.verbose, "Say more", kGeneralGroup);
  add_setting(command, "no-progress", common_.no_progress, "Show no progress", kGeneralGroup);
  return command;
}

int CommandLine::parse_and_run(int argc, char** argv) {
  if (const std::string config = find_config_argument(argc, argv); !config.empty()) {
    app_.set_config("--configuration-file", config, "", true)->group("");
    const auto file = std::make_shared<ConfigFile>(app_, config);
    config_file_ = file;
    app_.config_formatter(file);
  }
  try {
    app_.parse(argc, argv);
  } catch (const CLI::Success& success) {
    app_.exit(success);
    print_result("");
    return 0;
  } catch (const CLI::FileError& error) {
    return say_usage_error(app_, std::string("--config: ") + error.what());
  } catch (const CLI::ParseError& error) {
    return say_usage_error(app_, with_source(usage_message(app_, error)));
  }
  if (common_.quiet) set_log_level(LogLevel::kWarning);
  if (common_.verbose) set_log_level(LogLevel::kDebug);
  set_progress_shown(!common_.quiet && !common_.no_progress);
  const int status = chosen_();
  print_result("");
  return status;
}

std::string CommandLine::with_source(const std::string& message) const {
  const CLI::Option* option = named_first(deepest_command(app_), message);
  if (option == nullptr || is_given(*option, arguments_)) return message;
  const std::string name = option->get_name(), variable = option->get_envname();
  if (const char* value = std::getenv(variable.c_str()); value != nullptr && *value != '\0') {
    return fmt::format("{} ({} is set by {} in the environment)", message, name, variable);
  }
  const std::string place = config_file_ ? config_file_->place_of(name.substr(2)) : "";
  return place.empty() ? message : fmt::format("{} ({} is set at {})", message, name, place);
}

int CommandLine::run(int argc, char** argv) {
  install_interrupt_handler();
  install_shrunk_file_handler();
  arguments_.assign(argv + 1, argv + argc);
  try {
    return parse_and_run(argc, argv);
  } catch (const Error& error) {
    // A signal can show first as a failure of what it struck, such as the page worker.
    const bool by_signal = interrupted() && error.code() != ErrorCode::kInterrupted;
    say_error(by_signal ? "interrupted; nothing was half-written" : with_source(error.what()));
    if (error.code() == ErrorCode::kUsage && !by_signal) {
      std::fprintf(stderr, "Run \"%s --help\" for what it takes.\n",
                   full_name(deepest_command(app_)).c_str());
    }
    return interrupted() ? exit_status(ErrorCode::kInterrupted) : exit_status(error.code());
  } catch (const std::bad_alloc&) {
    say_error("out of memory; use a smaller --batch-tokens or --longest-edge");
  } catch (const std::exception& error) {
    say_error(fmt::format("internal error: {}", error.what()));
  }
  return interrupted() ? exit_status(ErrorCode::kInterrupted) : 1;
}

void print_result(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) fail_errno(errno, "cannot write to stdout");
}

}  // namespace recto
