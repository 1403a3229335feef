#include "cli/help_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "cli/options.h"

namespace recto {
namespace {

constexpr size_t kWidth = 100;
constexpr size_t kLeft = 34;

// `text` in lines of at most kWidth - kLeft characters, indented by kLeft but for the first.
std::string wrapped(const std::string& text) {
  std::istringstream words(text);
  std::string out;
  size_t column = 0;
  for (std::string word; words >> word;) {
    if (column > 0 && column + 1 + word.size() > kWidth - kLeft) {
      out += "\n" + std::string(kLeft, ' ');
      column = 0;
    } else if (column > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

}  // namespace

std::string HelpFormat::make_description(const CLI::App* app) const {
  return app->get_description() + "\n";
}

std::string HelpFormat::make_usage(const CLI::App* app, std::string name) const {
  std::string text = "\nUsage: " + name;
  if (!app->get_subcommands([](const CLI::App*) { return true; }).empty())
    return text + " COMMAND\n";
  text += " [OPTIONS]";
  for (const CLI::Option* option : app->get_options()) {
    if (!option->get_positional()) continue;
    text += " " + option->get_name(true);
    if (option->get_items_expected_max() > 1) text += "...";
  }
  return text + "\n";
}

std::string HelpFormat::make_help(const CLI::App* app, std::string name,
                                  CLI::AppFormatMode mode) const {
  std::vector<std::string> groups = app->get_groups();
  // What every command has stands last.
  std::stable_partition(groups.begin(), groups.end(),
                        [](const std::string& group) { return group != kGeneralGroup; });
  std::string text = make_description(app) + make_usage(app, name) + make_positionals(app);
  text += make_subcommands(app, mode);
  for (const std::string& group : groups) {
    const auto options = app->get_options([&](const CLI::Option* option) {
      return option->get_group() == group && option->nonpositional();
    });
    if (group.empty() || options.empty()) continue;
    text += fmt::format("\n{}:\n", group);
    for (const CLI::Option* option : options) text += make_option(option, false);
  }
  if (!app->get_footer().empty()) text += "\n" + app->get_footer() + "\n";
  return text;
}

std::string HelpFormat::make_subcommand(const CLI::App* command) const {
  return fmt::format("  {:<10} {}\n", command->get_name(), command->get_description());
}

std::string HelpFormat::make_option(const CLI::Option* option, bool is_positional) const {
  const std::string left =
      "  " + make_option_name(option, is_positional) + make_option_opts(option);
  const std::string right = wrapped(make_option_desc(option));
  if (left.size() + 2 > kLeft) return left + "\n" + std::string(kLeft, ' ') + right + "\n";
  return fmt::format("{:<{}}{}\n", left, kLeft, right);
}

std::string HelpFormat::make_option_opts(const CLI::Option* option) const {
  if (option->get_type_size() == 0 || option->get_positional()) return "";
  return " " + option->get_type_name();
}

std::string HelpFormat::make_option_desc(const CLI::Option* option) const {
  std::string text = option->get_description();
  if (option->get_required()) text += " (required)";
  const std::string shown = option->get_default_str();
  if (!shown.empty() && shown != "[]") text += fmt::format(" [default {}]", shown);
  if (!option->get_envname().empty()) text += fmt::format(" ({})", option->get_envname());
  return text;
}

}  // namespace recto
