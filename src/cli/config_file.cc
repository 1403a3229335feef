#include "cli/config_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/suggestion.h"

namespace recto {
namespace {

using Path = std::vector<std::string>;

// The commands chosen on the command line, from the program down.
std::vector<const CLI::App*> chosen_commands(const CLI::App& program) {
  std::vector<const CLI::App*> chain;
  for (const CLI::App* app = &program; !app->get_subcommands().empty();) {
    app = app->get_subcommands().front();
    chain.push_back(app);
  }
  return chain;
}

Path keys_of(const CLI::App& app) {
  Path keys;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_configurable() && !option->get_lnames().empty()) {
      keys.push_back(option->get_lnames().front());
    }
  }
  return keys;
}

bool set_by_environment(const CLI::Option& option) {
  const char* value = std::getenv(option.get_envname().c_str());
  return value != nullptr && *value != '\0';
}

class Reader {
 public:
  /// `places` gets where each key stands that is taken.
  Reader(const CLI::App& program, const std::string& file,
         std::map<std::string, std::string>& places)
      : file_(file), places_(places) {
    for (const CLI::App* app : chosen_commands(program)) {
      chosen_ = app;
      chosen_path_.push_back(app->get_name());
    }
  }

  std::vector<CLI::ConfigItem> read(const toml::table& table, const CLI::App& program) {
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (const toml::table* inner = node.as_table()) {
        read_table(*inner, subcommand(program, name, *inner), {name});
      } else {
        if (chosen_ == nullptr) continue;
        add(*chosen_, chosen_path_, name, node);
      }
    }
    return items_;
  }

 private:
  void read_table(const toml::table& table, const CLI::App& command, const Path& path) {
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (const toml::table* inner = node.as_table()) {
        Path deeper = path;
        deeper.push_back(name);
        read_table(*inner, subcommand(command, name, *inner), deeper);
      } else {
        add(command, path, name, node);
      }
    }
  }

  const CLI::App& subcommand(const CLI::App& parent, const std::string& name,
                             const toml::node& node) const {
    Path names;
    for (const CLI::App* app : parent.get_subcommands([](const CLI::App*) { return true; })) {
      if (app->get_name() == name) return *app;
      names.push_back(app->get_name());
    }
    fail(ErrorCode::kUsage, "{}: the table [{}] is no command; commands are {}{}", place(node),
         name, fmt::join(names, ", "), did_you_mean(name, names));
  }

  // Checks the key, and takes its value when `path` is the command that runs.
  void add(const CLI::App& command, const Path& path, const std::string& name,
           const toml::node& node) {
    const CLI::Option* option = command.get_option_no_throw("--" + name);
    if (option == nullptr || !option->get_configurable()) {
      const std::string chosen = fmt::format("recto {}", fmt::join(path, " "));
      const std::string nearest = did_you_mean(name, keys_of(command));
      fail(ErrorCode::kUsage,
           "{}: unknown key \"{}\" for \"{}\"{}{} \"{} --help\" names its options, which are its "
           "keys",
           place(node), name, chosen, nearest, nearest.empty() ? ";" : "", chosen);
    }
    std::vector<std::string> values = texts(node, name);
    if (values.size() != 1 && option->get_items_expected_max() <= 1) {
      fail(ErrorCode::kUsage, "{}: \"{}\" takes one value, not a list", place(node), name);
    }
    if (path != chosen_path_ || set_by_environment(*option)) return;
    CLI::ConfigItem item;
    item.parents = path;
    item.name = name;
    item.inputs = std::move(values);
    items_.push_back(std::move(item));
    places_[name] = place(node);
  }

  std::vector<std::string> texts(const toml::node& node, const std::string& name) const {
    if (const toml::array* list = node.as_array()) {
      std::vector<std::string> all;
      for (const toml::node& item : *list) all.push_back(text(item, name));
      return all;
    }
    return {text(node, name)};
  }

  std::string text(const toml::node& node, const std::string& name) const {
    if (const auto* value = node.as_string()) return value->get();
    if (const auto* value = node.as_boolean()) return value->get() ? "true" : "false";
    if (const auto* value = node.as_integer()) return fmt::format("{}", value->get());
    if (const auto* value = node.as_floating_point()) return fmt::format("{}", value->get());
    fail(ErrorCode::kUsage, "{}: \"{}\" must be a text, number, boolean or a list of them",
         place(node), name);
  }

  std::string place(const toml::node& node) const {
    return fmt::format("{}:{}", file_, node.source().begin.line);
  }

  const std::string& file_;
  std::map<std::string, std::string>& places_;
  const CLI::App* chosen_ = nullptr;
  Path chosen_path_;
  std::vector<CLI::ConfigItem> items_;
};

}  // namespace

std::vector<CLI::ConfigItem> ConfigFile::from_config(std::istream& input) const {
  try {
    const toml::table table = toml::parse(input, path_);
    return Reader(program_, path_, places_).read(table, program_);
  } catch (const toml::parse_error& error) {
    fail(ErrorCode::kUsage, "{}:{}: not TOML: {}", path_, error.source().begin.line,
         error.description());
  }
}

std::string ConfigFile::place_of(const std::string& key) const {
  const auto found = places_.find(key);
  return found == places_.end() ? "" : found->second;
}

}  // namespace recto
