#include "learn/tensorboard_log.h"

#include <chrono>

#include "base/file.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

// TensorBoard asks for "tfevents" in the name and takes files in the order of their names; host,
// process and time, which others put there, would make two equal runs differ.
constexpr const char* kName = "events.out.tfevents.0000000000.recto";

fs::path prepared_path(const fs::path& output) {
  const fs::path directory = output / "tensorboard";
  make_directories(directory);
  return directory / kName;
}

/// When the training began whose events are in `path`; now, less what it has trained, when that
/// cannot be read.
double start_of(const fs::path& path, const std::vector<Json>& lines) {
  const double start = fs::exists(path) ? first_event_time(read_file(path)) : 0;
  if (start > 0) return start;
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return lines.empty() ? now : now - lines.back().value("seconds", 0.0);
}

std::string table_cell(const Json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : dump_json(value);
  for (char& c : text) {
    if (c == '`' || c == '\n') c = ' ';
  }
  return text.empty() ? "" : "`" + text + "`";
}

std::vector<std::pair<std::string, std::string>> table_rows(const Json& settings) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& [name, value] : settings.items()) {
    rows.emplace_back("`" + name + "`", table_cell(value));
  }
  return rows;
}

}  // namespace

std::vector<EventScalar> curve_values(const Json& line) {
  if (line.contains("warning") || line.contains("mean_of")) return {};
  const std::string group = line.contains("loss") ? "train/" : "held_out/";
  std::vector<EventScalar> values;
  for (const auto& [key, value] : line.items()) {
    if (value.is_object()) {
      for (const auto& [name, part] : value.items()) {
        if (part.is_number()) values.push_back({key + "/" + name, part.get<double>()});
      }
    } else if (value.is_number() && key != "step" && key != "seconds") {
      values.push_back({group + key, value.get<double>()});
    }
  }
  return values;
}

TensorBoardLog::TensorBoardLog(const fs::path& output, const Json& settings,
                               const std::vector<Json>& lines)
    : start_(start_of(prepared_path(output), lines)),
      file_(prepared_path(output), beginning(settings, lines)) {}

std::string TensorBoardLog::beginning(const Json& settings, const std::vector<Json>& lines) {
  std::string text =
      version_event(start_) + table_event(start_, 0, "settings", table_rows(settings));
  for (const Json& line : lines) text += event(line);
  return text;
}

std::string TensorBoardLog::event(const Json& line) {
  seconds_ = line.value("seconds", seconds_);
  const std::vector<EventScalar> values = curve_values(line);
  if (values.empty()) return "";
  return scalar_event(start_ + seconds_, line.at("step").get<int64_t>(), values);
}

void TensorBoardLog::add(const Json& line) {
  const std::string text = event(line);
  if (!text.empty()) file_.append(text);
}

}  // namespace recto
