#pragma once
// What a curated dataset says about itself: the manifest's settings, and the text of its card.

#include <string>
#include <vector>

#include "base/json.h"
#include "curate/curate.h"
#include "curate/reading.h"
#include "data/dataset.h"

namespace recto {

/// Settings, tool versions and counts. Nothing that changes from run to run.
Json dataset_manifest(const CurateOptions& options, const CurateReport& report,
                      const Listing& files);

/// The card below its YAML: sources, settings, counts, splits, known limits.
std::string dataset_card_body(const CurateOptions& options, const CurateReport& report,
                              const std::vector<DocumentRow>& documents);

/// The reason of an audit row as it is counted: messages about single files are one kind.
std::string short_reason(const AuditRow& row);

}  // namespace recto
