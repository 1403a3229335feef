#include "curate/settings.h"

#include "base/sha256.h"
#include "base/version.h"
#include "page/reader.h"

namespace recto {

Json settings_json(const CurateOptions& options) {
  return {{"longest_edge", options.longest_edge},
          {"image_format", "jpeg"},
          {"jpeg_quality", options.jpeg_quality},
          {"keep_going", options.keep_going},
          {"require_licence", options.require_licence},
          {"validation_share", options.validation_share},
          {"test_share", options.test_share ? Json(*options.test_share) : Json()},
          {"seed", options.seed},
          {"test_documents", options.test_documents},
          {"generic_families", options.generic_families},
          {"max_pages_per_query", options.max_pages_per_query}};
}

CurateOptions read_settings(const Json& json, const std::string& where) {
  CurateOptions options;
  options.longest_edge = json_required<int>(json, "longest_edge", where);
  options.jpeg_quality = json_required<int>(json, "jpeg_quality", where);
  options.keep_going = json_required<bool>(json, "keep_going", where);
  options.require_licence = json_required<bool>(json, "require_licence", where);
  options.validation_share = json_required<double>(json, "validation_share", where);
  if (!json.value("test_share", Json()).is_null()) {
    options.test_share = json_required<double>(json, "test_share", where);
  }
  options.seed = static_cast<uint64_t>(json_required<int64_t>(json, "seed", where));
  options.test_documents = json_required<std::vector<std::string>>(json, "test_documents", where);
  options.generic_families = json_required<int>(json, "generic_families", where);
  options.max_pages_per_query = json_required<int>(json, "max_pages_per_query", where);
  return options;
}

Json ingest_settings(const CurateOptions& options) {
  return {{"longest_edge", options.longest_edge},
          {"jpeg_quality", options.jpeg_quality},
          {"keep_going", options.keep_going},
          {"tools", tool_versions()}};
}

Json tool_versions() {
  Json tools = {{"recto", recto_version()}};
  const SandboxReport sandbox = sandbox_report();
  // Rendering changes with the renderer: its bytes say which one it was.
  if (sandbox.pdfium) tools["pdfium_sha256"] = sha256_file(sandbox.pdfium_path);
  return tools;
}

}  // namespace recto
