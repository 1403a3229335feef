#pragma once
// Curations that leave steps out, to measure what these are worth.

#include <string>

#include "curate/curate.h"

namespace recto {

/// What must be known of a dataset that is made with a step switched off (options.cleaning,
/// options.near_duplicates): for stderr, the card and the report. "" when none is.
std::string comparison_notice(const CurateOptions& options);

}  // namespace recto
