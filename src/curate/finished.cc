#include "curate/finished.h"

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sha256.h"
#include "curate/reading.h"
#include "curate/settings.h"
#include "curate/work_directory.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr const char* kManifest = "manifest.json";

/// What a run that was stopped has left is for WorkDirectory to go on with or to remove; but for
/// an empty directory.
bool work_is_left(const fs::path& output) {
  const fs::path work = WorkDirectory::path_of(output);
  std::error_code ignored;
  return fs::exists(work, ignored) && !fs::remove(work, ignored);
}

/// The manifest of a dataset that is as its run left it; null for anything else.
Json unchanged_manifest(const fs::path& output) {
  const fs::path file = output / kManifest;
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored) || work_is_left(output)) return {};
  try {
    Json manifest = read_json(file);
    const bool changed = manifest.contains("reviews") || manifest.contains("forgotten");
    if (changed || !manifest.contains("run_sha256")) return {};
    const CurateOptions settings = read_settings(manifest.at("settings"), file.string());
    if (!settings.exclude.empty() || !settings.judge.empty()) return {};
    return manifest;
  } catch (const std::exception&) {
    return {};  // of something else, or damaged
  }
}

std::optional<CurateReport> report_of(const Json& manifest, const fs::path& output,
                                      const std::string& run_sha256) {
  if (manifest.is_null() || manifest.at("run_sha256") != run_sha256) return std::nullopt;
  Json stages = manifest.value("stages", Json::object());
  const auto failed = json_required<int64_t>(stages, "failed", "stages of the manifest");
  stages["failed"] = Json::array();
  for (int64_t i = 0; i < failed; ++i) stages["failed"].push_back("the table audit names it");
  log_info("{} is complete already: made of these files with these settings", output.string());
  return read_report(stages);
}

}  // namespace

std::optional<CurateReport> finished_dataset(const fs::path& output,
                                             const std::string& run_sha256) {
  return report_of(unchanged_manifest(output), output, run_sha256);
}

std::optional<CurateReport> finished_dataset(const fs::path& output,
                                             const std::vector<fs::path>& paths,
                                             const CurateOptions& options,
                                             const CurationTools& tools) {
  const Json manifest = unchanged_manifest(output);
  if (manifest.is_null() || manifest.at("settings") != settings_json(options)) return std::nullopt;
  const TemporaryDirectory scratch;
  return report_of(manifest, output, list_files(paths, scratch.path(), options, tools).run_sha256);
}

Json commit_note(const CurateReport& report, const std::string& run_sha256,
                 const fs::path& written) {
  return {{"report", report_json(report)},
          {"run_sha256", run_sha256},
          {"manifest_sha256", sha256_file(written / kManifest)}};
}

CurateReport committed_report(const Json& note, const std::string& run_sha256,
                              const fs::path& output) {
  const fs::path manifest = output / kManifest;
  const bool same = note.value("run_sha256", "") == run_sha256 && fs::exists(manifest) &&
                    note.value("manifest_sha256", "") == sha256_file(manifest);
  if (!same) refuse_output(output);
  return read_report(note.at("report"));
}

}  // namespace recto
