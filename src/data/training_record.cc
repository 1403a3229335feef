#include "data/training_record.h"

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "data/dataset_id.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

/// "PATH" of "PATH:2".
fs::path without_weight(const std::string& argument) {
  const size_t colon = argument.rfind(':');
  const bool weight = colon != std::string::npos && colon + 1 < argument.size() &&
                      argument.find_first_not_of("0123456789.eE+-", colon + 1) == std::string::npos;
  return weight && !fs::exists(argument) ? argument.substr(0, colon) : argument;
}

}  // namespace

std::string training_data_id(const fs::path& path) {
  if (!fs::is_directory(path)) return sha256_file(path);
  if (!fs::exists(path / "manifest.json")) return "";
  return dataset_id(read_manifest_of(path));
}

Json training_record_json(const std::vector<fs::path>& paths) {
  Json out = Json::array();
  for (const fs::path& path : paths) {
    out.push_back(
        {{"path", fs::absolute(path).lexically_normal().string()}, {"id", training_data_id(path)}});
  }
  return out;
}

TrainingRecord read_training_record(const fs::path& train_json) {
  const Json json = read_json(train_json);
  const std::string where = train_json.string();
  TrainingRecord record;
  const Json settings = json.is_object() ? json.value("settings", Json::object()) : Json();
  if (!settings.is_object()) {
    fail(ErrorCode::kBadInput, "{}: no record of a training: the key \"settings\" is missing",
         where);
  }
  record.model = json_optional<std::string>(settings, "model", where + ": settings", "");
  if (json.contains("data")) {
    for (const Json& one : json["data"]) {
      record.sources.push_back({json_required<std::string>(one, "path", where + ": data"),
                                json_required<std::string>(one, "id", where + ": data")});
    }
  } else {
    const auto paths =
        json_optional<std::vector<std::string>>(settings, "data", where + ": settings", {});
    for (const std::string& path : paths) record.sources.push_back({without_weight(path), ""});
  }
  if (record.sources.empty()) {
    fail(ErrorCode::kBadInput, "{}: it names no data that was trained on", where);
  }
  return record;
}

}  // namespace recto
