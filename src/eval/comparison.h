#pragma once
// Two or more systems on the same queries: which is better, by how much, and whether that can be
// told at all.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "eval/metrics.h"
#include "eval/significance.h"

namespace recto {

/// Corrected p values at or above this do not tell two systems apart.
inline constexpr double kSignificance = 0.05;

/// A system's values of each query, borrowed.
struct ScoredSystem {
  std::string name;
  const std::map<std::string, MetricValues>* per_query = nullptr;
  /// Its values are expected ones, which no order of pages has.
  bool is_chance = false;
  /// exchanged_means() of the metric, for a comparison with chance.
  std::vector<double> exchanged;
};

/// One metric of `first` against `second` over the queries that both have.
struct PairComparison {
  std::string task;
  std::string metric;
  std::string first, second;
  int64_t queries = 0;
  double first_mean = 0, second_mean = 0;
  double difference = 0;  ///< first - second
  PairedBootstrap bootstrap;
  RandomisationTest test;        ///< against chance: chance_test()
  bool against_chance = false;   ///< no effect, wins, ties and losses then
  double p_holm = 1;             ///< over all comparisons that were made together
  std::optional<double> effect;  ///< effect_size(), none when all queries differ alike
  int64_t wins = 0, ties = 0, losses = 0;

  /// By the corrected p value; against chance, where p and interval are drawn from different things
  /// (pages exchanged, queries drawn again), both must tell them apart.
  bool is_distinguishable() const;
  /// "a is better than b", or "a and b are not distinguishable".
  std::string verdict() const;
};

/// The value of `metric` for each query, in the order of their ids. Throws Error(kUsage) for a
/// metric that is none, naming those that are near.
std::vector<double> values_of(const std::map<std::string, MetricValues>& per_query,
                              const std::string& metric);

/// Every pair of `systems`, in their order. p_holm is that of these pairs alone.
std::vector<PairComparison> compare_pairs(const std::string& task, const std::string& metric,
                                          const std::vector<ScoredSystem>& systems,
                                          const Resampling& resampling);

/// Sets p_holm anew, over all of `comparisons`: several tasks or metrics, one family.
void correct_together(std::vector<PairComparison>& comparisons);

Json comparison_json(const PairComparison& comparison);

/// What "random" is in `comparisons`, in words; "" when it is in none.
std::string chance_text(const std::vector<PairComparison>& comparisons);

/// "3/10/2", "" against chance.
std::string win_tie_loss(const PairComparison& comparison);

/// Two lines for people: the numbers, and the verdict.
std::string comparison_text(const PairComparison& comparison);

/// "seed 0, 10000 bootstrap samples, …": what the numbers were drawn with.
std::string resampling_text(const Resampling& resampling);

}  // namespace recto
