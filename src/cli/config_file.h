#pragma once
// The file of --config: TOML, strictly.

#include <CLI/CLI.hpp>
#include <map>
#include <string>

namespace recto {

/// Reads options of the chosen command from TOML. Keys are the options' names without dashes in
/// front. A key at the top belongs to the command that runs; a table named as a command ([embed],
/// [index.add]) is read only when that command runs, but its keys are checked. An option that the
/// environment sets is left to it. Throws Error(kUsage) naming file, line and key for what is not
/// TOML, no option, or no value of an option.
class ConfigFile : public CLI::Config {
 public:
  ConfigFile(const CLI::App& program, std::string path)
      : program_(program), path_(std::move(path)) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;
  std::string to_config(const CLI::App*, bool, bool, std::string) const override { return {}; }

  /// "FILE:LINE" of the key that sets an option of the chosen command, "" when none does.
  std::string place_of(const std::string& key) const;

 private:
  const CLI::App& program_;
  std::string path_;
  mutable std::map<std::string, std::string> places_;  ///< of the keys that were taken
};

}  // namespace recto
