#pragma once
// Intervals of all metrics of a system from one set of draws.

#include <map>
#include <string>

#include "eval/metrics.h"
#include "eval/significance.h"

namespace recto {

/// bootstrap_interval() of each metric over the queries, by name; the samples are those it draws,
/// drawn once for all metrics and added up in
/// single precision.
std::map<std::string, Interval> metric_intervals(
    const std::map<std::string, MetricValues>& per_query, const Resampling& resampling);

}  // namespace recto
