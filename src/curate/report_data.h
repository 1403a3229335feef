#pragma once
// What report.html shows of a curation, gathered.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "curate/corpus.h"
#include "curate/curate.h"
#include "curate/near_duplicates.h"
#include "curate/page_store.h"
#include "data/dataset.h"

namespace recto {

/// How many items each stage kept and dropped, and why; from the rows of the audit.
class StageCounts {
 public:
  void add(const AuditRow& row);

  struct Stage {
    std::string name;
    int64_t kept = 0;
    std::map<std::string, int64_t> dropped;  ///< by short reason
  };
  /// In the order in which they came first.
  const std::vector<Stage>& stages() const { return stages_; }

 private:
  std::vector<Stage> stages_;
};

/// A curation whose tables are written.
struct CuratedWhole {
  const std::filesystem::path& dataset;
  const Corpus& corpus;
  const std::vector<CorpusQuery>& queries;
  const NearDuplicates& near;
  const std::vector<DocumentRow>& documents;  ///< as Corpus::documents
  const StageCounts& stages;
  const CurateReport& report;
  uint64_t seed = 0;  ///< of the samples
};

/// The text of report.html (curate/report_html.h).
std::string curation_report(const CuratedWhole& whole, PageStore& store);

}  // namespace recto
