#pragma once
// Whether a system is more than chance: its mean beside what it would be if the system did not know
// which page is which.

#include <string>
#include <vector>

#include "eval/metrics.h"
#include "eval/significance.h"

namespace recto {

/// Means of `metric` over the queries of `qrels` when each page that `run` finds is taken for
/// another, by an exchange of `page_ids` that is drawn `resampling.permutations` times and is one
/// for all queries; sorted. Queries that resemble each other, or a system that ranks the pages
/// alike for all of them, do not make chance look narrower than it is. Throws Error(kUsage) for a
/// metric that is none.
std::vector<double> exchanged_means(const Qrels& qrels, const Run& run,
                                    const std::vector<std::string>& page_ids,
                                    const std::string& metric, const Resampling& resampling);

/// How often a mean of `sorted_means` is as far from `expected` as `mean` is, in either direction:
/// p = (1 + as far) / (1 + means).
RandomisationTest chance_test(const std::vector<double>& sorted_means, double expected,
                              double mean);

}  // namespace recto
