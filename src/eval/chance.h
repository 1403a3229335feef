#pragma once
// Whether a system is more than chance: its mean beside the means of random orders.

#include <cstdint>
#include <string>
#include <vector>

#include "eval/metrics.h"
#include "eval/significance.h"

namespace recto {

/// Means of `metric` over the queries of `qrels` when the `pages` pages stand in a random order for
/// each, `resampling.permutations` times; sorted. Throws Error(kUsage) for a metric that is none.
std::vector<double> chance_means(const Qrels& qrels, int64_t pages, const std::string& metric,
                                 const Resampling& resampling);

/// How often a mean of `sorted_means` is as far from `expected` as `mean` is, in either direction:
/// p = (1 + as far) / (1 + means). What a system's order would be if it knew nothing of the pages
/// is drawn, so nothing is asked of how its values are spread over the queries.
RandomisationTest chance_test(const std::vector<double>& sorted_means, double expected,
                              double mean);

}  // namespace recto
