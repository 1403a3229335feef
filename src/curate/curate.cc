#include "curate/curate.h"

#include <utility>

#include "base/error.h"
#include "curate/assemble.h"
#include "curate/cross_lingual.h"
#include "curate/finished.h"
#include "curate/reading.h"
#include "curate/settings.h"
#include "curate/work_directory.h"
#include "data/arrow_memory.h"
#include "model/model_directory.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

std::vector<PlacedDocument> places(const std::vector<Source>& sources, const fs::path& documents) {
  std::vector<PlacedDocument> corpus;
  corpus.reserve(sources.size());
  for (const Source& source : sources) {
    corpus.push_back({source, record_place(documents, source.sha256)});
  }
  return corpus;
}

}  // namespace

namespace {

void check_generator(const std::string& name) {
  if (name == kCrossLingualGenerator) return;
  std::string known = kCrossLingualGenerator;
  for (const GeneratorInfo& info : generators()) {
    if (info.name == name) return;
    known += ", " + std::string(info.name);
  }
  fail(ErrorCode::kUsage, "\"{}\" is no generator of queries; known are {}", name, known);
}

}  // namespace

void check_options(const CurateOptions& options) {
  const auto refuse = [](const std::string& problem) { fail(ErrorCode::kUsage, "{}", problem); };
  if (options.longest_edge < 16 || options.longest_edge > options.limits.image.max_side) {
    refuse(fmt::format("a longest edge of {} pixels: wanted are 16 to {}", options.longest_edge,
                       options.limits.image.max_side));
  }
  if (options.jpeg_quality < 1 || options.jpeg_quality > 100) {
    refuse(fmt::format("a JPEG quality of {}: wanted are 1 to 100", options.jpeg_quality));
  }
  if (options.threads < 1) refuse(fmt::format("{} threads: at least 1 is wanted", options.threads));
  for (const std::string& name : options.generators) check_generator(name);
  if (options.require_licence && options.sources.empty()) {
    refuse("a licence is asked for each file, but no table of sources says which it has");
  }
  if (options.round_trip < 0) refuse("round_trip must be at least 0");
  if (options.endpoint) check_settings(*options.endpoint);
  // What the second phase needs is asked for before hours of the first.
  for (const fs::path& path : options.exclude) {
    if (!fs::exists(path)) fail(ErrorCode::kNotFound, "--exclude {}: not found", path.string());
  }
  if (!options.judge.empty()) ModelDirectory::open(options.judge);
  if (options.generic_families < 2) refuse("generic_families must be at least 2");
  if (options.max_pages_per_query < 1) refuse("max_pages_per_query must be at least 1");
}

std::set<std::string> standard_generators() {
  std::set<std::string> names = default_generators();
  names.insert(kCrossLingualGenerator);
  return names;
}

CurateReport curate(const std::vector<fs::path>& paths, const fs::path& output,
                    const CurateOptions& options) {
  share_memory_with_arrow();
  check_options(options);
  if (options.endpoint && options.endpoint->dry_run) return count_requests(paths, options);
  const CurationTools tools = find_tools(options);
  if (auto report = finished_dataset(output, paths, options, tools)) return *std::move(report);
  WorkDirectory work(output, ingest_settings(options, tools));
  if (work.committed()) return read_report(work.summary());
  const Listing files = list_files(paths, work.sources(), options, tools);
  check_files(files, options);
  read_documents(files.files.sources, options, tools, work.documents());
  CurateReport report = assemble(places(files.files.sources, work.documents()), files, options,
                                 {work.scratch(), work.kept(), work.output()});
  work.commit(report_json(report));
  return report;
}

}  // namespace recto
