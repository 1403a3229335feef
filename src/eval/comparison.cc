#include "eval/comparison.h"

#include <algorithm>
#include <cmath>

#include "eval/chance.h"

namespace recto {
namespace {

/// A metric's values of two systems, query by query.
struct Pairs {
  std::vector<double> first, second, difference;
};

double value_of(const MetricValues& values, const std::string& metric) {
  const auto found = values.find(metric);
  if (found == values.end()) check_metric_name(metric);
  return found == values.end() ? 0 : found->second;
}

Pairs pairs_of(const ScoredSystem& first, const ScoredSystem& second, const std::string& metric) {
  Pairs pairs;
  for (const auto& [query, values] : *first.per_query) {
    const auto other = second.per_query->find(query);
    if (other == second.per_query->end()) continue;
    pairs.first.push_back(value_of(values, metric));
    pairs.second.push_back(value_of(other->second, metric));
    pairs.difference.push_back(pairs.first.back() - pairs.second.back());
  }
  return pairs;
}

/// Differences below this are rounding, not quality.
constexpr double kTie = 1e-12;

PairComparison compare(const ScoredSystem& first, const ScoredSystem& second,
                       const std::string& metric, const Resampling& resampling) {
  const Pairs pairs = pairs_of(first, second, metric);
  PairComparison out;
  out.metric = metric;
  out.first = first.name;
  out.second = second.name;
  out.queries = std::ssize(pairs.difference);
  out.first_mean = mean_of(pairs.first);
  out.second_mean = mean_of(pairs.second);
  out.difference = mean_of(pairs.difference);
  out.bootstrap = paired_bootstrap(pairs.difference, resampling);
  out.against_chance = first.is_chance || second.is_chance;
  if (out.against_chance) {
    out.test = second.is_chance ? chance_test(first.exchanged, out.second_mean, out.first_mean)
                                : chance_test(second.exchanged, out.first_mean, out.second_mean);
    return out;
  }
  out.test = randomisation_test(pairs.difference, resampling);
  out.effect = effect_size(pairs.difference);
  for (const double difference : pairs.difference) {
    ++(std::abs(difference) <= kTie ? out.ties : difference > 0 ? out.wins : out.losses);
  }
  return out;
}

}  // namespace

bool PairComparison::is_distinguishable() const {
  const bool beyond_zero = bootstrap.interval.low > 0 || bootstrap.interval.high < 0;
  return p_holm < kSignificance && (!against_chance || beyond_zero);
}

std::string PairComparison::verdict() const {
  if (!is_distinguishable()) return first + " and " + second + " are not distinguishable";
  const bool first_wins = difference > 0;
  return fmt::format("{} is better than {}", first_wins ? first : second,
                     first_wins ? second : first);
}

std::vector<double> values_of(const std::map<std::string, MetricValues>& per_query,
                              const std::string& metric) {
  std::vector<double> values;
  values.reserve(per_query.size());
  for (const auto& [query, metrics] : per_query) values.push_back(value_of(metrics, metric));
  return values;
}

std::vector<PairComparison> compare_pairs(const std::string& task, const std::string& metric,
                                          const std::vector<ScoredSystem>& systems,
                                          const Resampling& resampling) {
  std::vector<PairComparison> out;
  for (size_t i = 0; i < systems.size(); ++i) {
    for (size_t k = i + 1; k < systems.size(); ++k) {
      out.push_back(compare(systems[i], systems[k], metric, resampling));
      out.back().task = task;
    }
  }
  correct_together(out);
  return out;
}

void correct_together(std::vector<PairComparison>& comparisons) {
  std::vector<double> p;
  p.reserve(comparisons.size());
  for (const PairComparison& comparison : comparisons) p.push_back(comparison.test.p);
  const std::vector<double> corrected = holm(p);
  for (size_t i = 0; i < corrected.size(); ++i) comparisons[i].p_holm = corrected[i];
}

Json comparison_json(const PairComparison& c) {
  return {{"task", c.task},
          {"metric", c.metric},
          {"first", c.first},
          {"second", c.second},
          {"queries", c.queries},
          {"first_mean", c.first_mean},
          {"second_mean", c.second_mean},
          {"difference", c.difference},
          {"difference_ci95", {c.bootstrap.interval.low, c.bootstrap.interval.high}},
          {"bootstrap_p", c.bootstrap.p},
          {"randomisation_p", c.test.p},
          {"randomisation_exact", c.test.exact},
          {"permutations", c.test.permutations},
          {"holm_p", c.p_holm},
          {"against_chance", c.against_chance},
          {"effect_size", c.effect ? Json(*c.effect) : Json(nullptr)},
          {"wins", c.against_chance ? Json(nullptr) : Json(c.wins)},
          {"ties", c.against_chance ? Json(nullptr) : Json(c.ties)},
          {"losses", c.against_chance ? Json(nullptr) : Json(c.losses)},
          {"verdict", c.verdict()}};
}

std::string comparison_text(const PairComparison& c) {
  const std::string queries =
      c.against_chance
          ? fmt::format("{} queries, {} exchanges of pages", c.queries, c.test.permutations)
          : fmt::format("effect {}, win/tie/loss {}/{}/{} of {}",
                        c.effect ? fmt::format("{:+.2f}", *c.effect) : "none", c.wins, c.ties,
                        c.losses, c.queries);
  return fmt::format(
      "{} - {}, {}{}: {:+.4f} [{:+.4f}, {:+.4f}], p {:.4g}{} (Holm {:.4g}), {}\n  {}\n", c.first,
      c.second, c.metric, c.task.empty() ? "" : " of " + c.task, c.difference,
      c.bootstrap.interval.low, c.bootstrap.interval.high, c.test.p, c.test.exact ? " exact" : "",
      c.p_holm, queries, c.verdict());
}

std::string win_tie_loss(const PairComparison& c) {
  return c.against_chance ? "" : fmt::format("{}/{}/{}", c.wins, c.ties, c.losses);
}

std::string chance_text(const std::vector<PairComparison>& comparisons) {
  const auto found = std::find_if(comparisons.begin(), comparisons.end(),
                                  [](const PairComparison& one) { return one.against_chance; });
  if (found == comparisons.end()) return "";
  return fmt::format(
      "against random: the difference is to the expected value over all orders of the pages, and p "
      "is how often the same ranking is as far from it when its pages are exchanged for others, at "
      "random but alike for all queries, {} times; most queries of any order are below the "
      "expected "
      "value, so wins and losses are not counted; better is said where both p and the interval "
      "over "
      "queries say so",
      found->test.permutations);
}

std::string resampling_text(const Resampling& resampling) {
  return fmt::format(
      "seed {}, {} bootstrap samples, {} permutations (all signs up to {} differences), 95 % "
      "intervals, Holm correction",
      resampling.seed, resampling.resamples, resampling.permutations, kExactDifferences);
}

}  // namespace recto
