#include "data/dataset_id.h"

#include "base/sha256.h"

namespace recto {

std::string dataset_id(const Json& manifest) {
  const auto tables = manifest.find("tables");
  if (tables == manifest.end() || !tables->is_object()) {
    fail(ErrorCode::kBadInput, "manifest.json: the key \"tables\" is missing or no object");
  }
  return sha256_hex(canonical_json(*tables));
}

Json read_manifest_of(const std::filesystem::path& directory) {
  const auto path = directory / "manifest.json";
  if (!std::filesystem::exists(path)) {
    fail(ErrorCode::kNotFound, "{} does not exist: {} is no dataset of recto", path.string(),
         directory.string());
  }
  Json manifest = read_json(path);
  const std::string where = path.string();
  if (!manifest.is_object() ||
      json_optional<std::string>(manifest, "format", where, "") != "recto-dataset") {
    fail(ErrorCode::kBadInput, "{} is not the manifest of a recto dataset", where);
  }
  const int version = json_required<int>(manifest, "format_version", where);
  if (version != 1) {
    fail(ErrorCode::kUnsupported, "{}: format_version {} is not known; this recto reads 1", where,
         version);
  }
  return manifest;
}

}  // namespace recto
