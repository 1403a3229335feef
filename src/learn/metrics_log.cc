#include "learn/metrics_log.h"

#include <limits>
#include <sstream>
#include <utility>

#include "base/file.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

std::vector<Json> kept_lines(const fs::path& path, int64_t last_step) {
  if (last_step < 0 || !fs::exists(path)) return {};
  std::vector<Json> lines = read_metrics(path, last_step);
  // A mean is measured again in the end.
  std::erase_if(lines, [](const Json& line) { return line.contains("mean_of"); });
  return lines;
}

std::string text_of(const std::vector<Json>& lines) {
  std::string text;
  for (const Json& line : lines) text += dump_json(line) + "\n";
  return text;
}

}  // namespace

std::vector<Json> read_metrics(const fs::path& path, int64_t last_step) {
  if (last_step < 0) last_step = std::numeric_limits<int64_t>::max();
  std::istringstream text(read_file(path));
  std::vector<Json> lines;
  for (std::string line; std::getline(text, line);) {
    Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("step") || !json["step"].is_number_integer()) continue;
    if (json["step"] <= last_step) lines.push_back(std::move(json));
  }
  return lines;
}

MetricsLog::MetricsLog(fs::path path, int64_t last_step)
    : kept_(kept_lines(path, last_step)), file_(path, text_of(kept_)) {}

void MetricsLog::add(const Json& line) { file_.append(dump_json(line) + "\n"); }

}  // namespace recto
