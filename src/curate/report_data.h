#pragma once
// What report.html shows of a curation, gathered.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "curate/corpus.h"
#include "curate/curate.h"
#include "curate/near_duplicates.h"
#include "curate/page_store.h"
#include "curate/report_html.h"
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

/// A curation whose queries are decided.
struct CuratedWhole {
  const Corpus& corpus;
  const std::vector<CorpusQuery>& queries;
  const NearDuplicates& near;
  const std::vector<DocumentRow>& documents;  ///< as Corpus::documents
  const StageCounts& stages;
  const CurateReport& report;
  uint64_t seed = 0;  ///< of the samples
};

/// A report that lacks the pages it shows, which are only named: what makes it large.
struct PlannedReport {
  CurationReport report;
  std::vector<std::pair<int32_t, int32_t>> near_pages;  ///< of report.near_pairs
  std::vector<int32_t> sample_pages;                    ///< of report.samples
};

PlannedReport plan_report(const CuratedWhole& whole);

/// The text of report.html (curate/report_html.h) of the dataset in `directory`, whose manifest is
/// written. `corpus` and `documents` as they were for plan_report(); pictures and texts from
/// `store`.
std::string curation_report(PlannedReport&& planned, const std::filesystem::path& directory,
                            const Corpus& corpus, const std::vector<DocumentRow>& documents,
                            PageStore& store);

}  // namespace recto
