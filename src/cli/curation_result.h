#pragma once
// How a curation ends: recto curate and recto dataset merge.

#include "curate/curate.h"

namespace recto {

/// Prints the report for people, or as JSON with the number of bad inputs in place of what was
/// wrong with each, and warns of them. Returns the exit status: 1 when there were any, else 0.
int print_curation(const CurateReport& report, bool as_json);

}  // namespace recto
