#pragma once
// How sure a mean over queries is, and whether two systems differ at all.
//
// Smucker, Allan, Carterette, "A Comparison of Statistical Significance Tests for Information
// Retrieval Evaluation", CIKM 2007: randomisation test and bootstrap are the two to use.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/random.h"

namespace recto {

/// What a resampling draws. The same values and settings give the same numbers everywhere.
struct Resampling {
  int resamples = 10000;     ///< of a bootstrap
  int permutations = 10000;  ///< of a randomisation test that is not exact
  uint64_t seed = 0;
};

/// A 95 % interval.
struct Interval {
  double low = 0;
  double high = 0;
};

/// 0 of none.
double mean_of(std::span<const double> values);

/// A place in [0, n).
using DrawIndex = std::function<size_t(size_t n)>;

/// Means of `resamples` samples of n values out of n, drawn with replacement, sorted. Empty of
/// none.
std::vector<double> bootstrap_means(std::span<const double> values, int resamples,
                                    const DrawIndex& draw);

/// From sorted means: those at places floor(0.025 B) and ceil(0.975 B) - 1. {0, 0} of none.
Interval percentile_interval(const std::vector<double>& sorted_means);

/// The stream that every bootstrap of a seed draws from: samples of the same queries are the same.
Random bootstrap_random(const Resampling& resampling);

/// The percentile bootstrap of the mean of `values`.
Interval bootstrap_interval(std::span<const double> values, const Resampling& resampling);

struct RandomisationTest {
  double p = 1;              ///< two-sided
  bool exact = true;         ///< over all signs
  int64_t permutations = 1;  ///< looked at, without the one that was observed unless exact
};

/// Differences other than 0 up to which all 2^n signs are tried.
inline constexpr size_t kExactDifferences = 12;

/// The paired randomisation test: how often differences with random signs have a mean as far from 0
/// as the observed one. Exact with up to kExactDifferences that are not 0 (those that are change
/// nothing); else p = (1 + as far) / (1 + permutations), which is never 0.
RandomisationTest randomisation_test(std::span<const double> differences,
                                     const Resampling& resampling);

struct PairedBootstrap {
  Interval interval;  ///< of the mean difference
  double p = 1;       ///< two-sided: twice the smaller share of means on either side of 0
};

PairedBootstrap paired_bootstrap(std::span<const double> differences, const Resampling& resampling);

/// Cohen's d of paired samples: mean difference over its standard deviation (n - 1). None when
/// the differences do not vary.
std::optional<double> effect_size(std::span<const double> differences);

/// p values corrected for being several (Holm 1979), in the order given: no more than a share alpha
/// of families has a wrong rejection among those at or below alpha.
std::vector<double> holm(std::span<const double> p);

}  // namespace recto
