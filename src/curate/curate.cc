#include "curate/curate.h"

#include <utility>

#include "curate/assemble.h"
#include "curate/finished.h"
#include "curate/reading.h"
#include "curate/settings.h"
#include "curate/work_directory.h"
#include "data/arrow_memory.h"

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

CurateReport curate(const std::vector<fs::path>& paths, const fs::path& output,
                    const CurateOptions& options) {
  share_memory_with_arrow();
  check_options(options);
  if (options.endpoint && options.endpoint->dry_run) return count_requests(paths, options);
  const CurationTools tools = find_tools(options);
  if (auto report = finished_dataset(output, paths, options, tools)) return *std::move(report);
  WorkDirectory work(output, ingest_settings(options, tools));
  const Listing files = list_files(paths, work.sources(), options, tools);
  if (work.committed()) return committed_report(work.summary(), files.run_sha256, output);
  check_files(files, options);
  read_documents(files.files.sources, options, tools, work.documents());
  CurateReport report = assemble(places(files.files.sources, work.documents()), files, options,
                                 {work.scratch(), work.kept(), work.output()});
  work.commit(commit_note(report, files.run_sha256, work.output()));
  return report;
}

}  // namespace recto
