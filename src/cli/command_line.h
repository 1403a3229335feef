#pragma once
// A program with commands: what recto and recto-train share around the options of each command.

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/config_file.h"

namespace recto {

/// A program and its commands. Options come from, first found wins: the command line, the
/// environment (RECTO_…), the file of --config, the default.
class CommandLine {
 public:
  /// `version_note` follows the version in --version: ", torch 2.13.0".
  CommandLine(const std::string& program, const std::string& description,
              const std::string& version_note = {});

  /// Declares a command. `run` is called after all options are read and checked; its result is the
  /// exit status. The common options (--config, --quiet, --verbose, --no-progress) are added.
  CLI::App& add_command(const std::string& name, const std::string& description,
                        std::function<int()> run);
  /// A command of a group: "model create", "index add". The group is made when it is new.
  CLI::App& add_command(const std::string& group, const std::string& group_description,
                        const std::string& name, const std::string& description,
                        std::function<int()> run);

  /// Reads the arguments and runs the command. Returns the exit status: 0 done, 1 failed, 2 wrong
  /// usage, 130 interrupted; every message is on stderr by then. Never throws.
  int run(int argc, char** argv);

  /// The arguments of run(), without the program's name.
  const std::vector<std::string>& arguments() const { return arguments_; }

 private:
  struct CommonOptions {
    std::string config;
    bool quiet = false;
    bool verbose = false;
    bool no_progress = false;
  };
  CLI::App& declare(CLI::App& parent, const std::string& name, const std::string& description,
                    std::function<int()> run);
  int parse_and_run(int argc, char** argv);
  /// `message` about the option it begins with, and where that was set, unless by an argument.
  std::string with_source(const std::string& message) const;

  CLI::App app_;
  std::map<std::string, CLI::App*> groups_;
  CommonOptions common_;
  std::function<int()> chosen_;
  std::vector<std::string> arguments_;
  std::shared_ptr<const ConfigFile> config_file_;
};

/// Writes a result to stdout, at once. Throws Error(kIo) when stdout cannot take it.
void print_result(const std::string& text);

}  // namespace recto
