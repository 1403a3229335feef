#include "eval/significance.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/interrupt.h"

namespace recto {
namespace {

/// Sums that differ by less are the same number, added up in another order.
constexpr double kSumTolerance = 1e-12;

// Streams of one seed, so that no two resamplings share their draws.
constexpr uint64_t kBootstrapStream = 1;
constexpr uint64_t kPermutationStream = 2;

double sum_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

std::vector<double> seeded_means(std::span<const double> values, const Resampling& resampling) {
  Random random = bootstrap_random(resampling);
  return bootstrap_means(values, resampling.resamples,
                         [&](size_t n) { return static_cast<size_t>(random.below(n)); });
}

/// The differences with each sign of `signs` taken from its bits, added up.
double signed_sum(std::span<const double> differences, uint64_t signs) {
  double sum = 0;
  for (const double difference : differences) {
    sum += (signs & 1) != 0 ? difference : -difference;
    signs >>= 1;
  }
  return sum;
}

RandomisationTest exact_test(std::span<const double> differences, double observed) {
  RandomisationTest test;
  test.permutations = int64_t{1} << differences.size();
  int64_t as_far = 0;
  for (int64_t signs = 0; signs < test.permutations; ++signs) {
    const double sum = signed_sum(differences, static_cast<uint64_t>(signs));
    if (std::abs(sum) >= observed - kSumTolerance) ++as_far;
  }
  test.p = static_cast<double>(as_far) / static_cast<double>(test.permutations);
  return test;
}

double randomly_signed_sum(std::span<const double> differences, Random& random) {
  constexpr size_t kBits = 64;
  double sum = 0;
  for (size_t first = 0; first < differences.size(); first += kBits) {
    const size_t count = std::min(kBits, differences.size() - first);
    sum += signed_sum(differences.subspan(first, count), random.next());
  }
  return sum;
}

RandomisationTest sampled_test(std::span<const double> differences, double observed,
                               const Resampling& resampling) {
  Random random(resampling.seed, kPermutationStream);
  int64_t as_far = 0;
  for (int i = 0; i < resampling.permutations; ++i) {
    throw_if_interrupted();
    if (std::abs(randomly_signed_sum(differences, random)) >= observed - kSumTolerance) ++as_far;
  }
  RandomisationTest test;
  test.exact = false;
  test.permutations = resampling.permutations;
  test.p = static_cast<double>(1 + as_far) / static_cast<double>(1 + test.permutations);
  return test;
}

}  // namespace

double mean_of(std::span<const double> values) {
  return values.empty() ? 0 : sum_of(values) / static_cast<double>(values.size());
}

std::vector<double> bootstrap_means(std::span<const double> values, int resamples,
                                    const DrawIndex& draw) {
  std::vector<double> means;
  if (values.empty()) return means;
  means.reserve(resamples);
  for (int i = 0; i < resamples; ++i) {
    throw_if_interrupted();
    double sum = 0;
    for (size_t k = 0; k < values.size(); ++k) sum += values[draw(values.size())];
    means.push_back(sum / static_cast<double>(values.size()));
  }
  std::sort(means.begin(), means.end());
  return means;
}

Interval percentile_interval(const std::vector<double>& sorted_means) {
  if (sorted_means.empty()) return {};
  const auto count = static_cast<double>(sorted_means.size());
  const auto low = static_cast<size_t>(std::floor(0.025 * count));
  const auto high = static_cast<size_t>(std::max(std::ceil(0.975 * count) - 1, 0.0));
  return {sorted_means[low], sorted_means[high]};
}

Random bootstrap_random(const Resampling& resampling) {
  return Random(resampling.seed, kBootstrapStream);
}

Interval bootstrap_interval(std::span<const double> values, const Resampling& resampling) {
  return percentile_interval(seeded_means(values, resampling));
}

RandomisationTest randomisation_test(std::span<const double> differences,
                                     const Resampling& resampling) {
  std::vector<double> moved;
  for (const double difference : differences) {
    if (difference != 0) moved.push_back(difference);
  }
  const double observed = std::abs(sum_of(moved));
  return moved.size() <= kExactDifferences ? exact_test(moved, observed)
                                           : sampled_test(moved, observed, resampling);
}

PairedBootstrap paired_bootstrap(std::span<const double> differences,
                                 const Resampling& resampling) {
  const std::vector<double> means = seeded_means(differences, resampling);
  PairedBootstrap out;
  if (means.empty()) return out;
  out.interval = percentile_interval(means);
  const auto below = std::upper_bound(means.begin(), means.end(), 0.0) - means.begin();
  const auto above = means.end() - std::lower_bound(means.begin(), means.end(), 0.0);
  const auto smaller = static_cast<double>(std::min(below, above));
  out.p = std::min(1.0, 2 * (smaller + 1) / static_cast<double>(means.size() + 1));
  return out;
}

std::optional<double> effect_size(std::span<const double> differences) {
  if (differences.size() < 2) return std::nullopt;
  const double mean = mean_of(differences);
  double squares = 0;
  for (const double difference : differences) squares += (difference - mean) * (difference - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(differences.size() - 1));
  if (deviation <= kSumTolerance) return std::nullopt;
  return mean / deviation;
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  std::vector<double> corrected(p.size());
  double largest = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, static_cast<double>(p.size() - i) * p[order[i]]);
    corrected[order[i]] = std::min(largest, 1.0);
  }
  return corrected;
}

}  // namespace recto
