#include "eval/chance.h"

#include <algorithm>
#include <cmath>

#include "base/interrupt.h"
#include "base/random.h"

namespace recto {
namespace {

/// Means that differ by less are the same number, added up in another order.
constexpr double kTolerance = 1e-12;

/// The first stream of the queries; those before are of other resamplings.
constexpr uint64_t kChanceStreams = 1000;

double log_choose(double n, double k) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

/// Random orders of one query, of which only the first `ranks` places matter.
class RandomOrders {
 public:
  RandomOrders(const Judgements& judgements, int64_t pages, int cutoff, Random random)
      : ranks_(std::min<int64_t>(cutoff, pages)), random_(random) {
    for (const auto& [page, grade] : judgements) {
      if (grade > 0) relevant_.push_back(grade);
    }
    // Hypergeometric: P(hits) of `ranks` places that hold `hits` of the relevant pages.
    const auto r = static_cast<double>(relevant_.size());
    const auto n = static_cast<double>(pages);
    const auto k = static_cast<double>(ranks_);
    for (double hits = 0; hits <= std::min(r, k); ++hits) {
      const bool possible = k - hits <= n - r;
      shares_.push_back(
          possible ? std::exp(log_choose(r, hits) + log_choose(n - r, k - hits) - log_choose(n, k))
                   : 0);
    }
  }

  /// How many orders in a row have nothing relevant among the first, before one that has.
  double draw_misses() {
    const double none = shares_.front();
    if (relevant_.empty() || ranks_ == 0 || none >= 1) return INFINITY;
    if (none <= 0) return 0;
    return std::floor(std::log1p(-random_.uniform()) / std::log(none));
  }

  /// Grades of the first places of an order that has something relevant there.
  const std::vector<int>& draw_grades() {
    grades_.assign(static_cast<size_t>(ranks_), 0);
    const size_t hits = draw_hits();
    for (size_t i = 0; i < hits; ++i) {  // which pages, and at which places
      std::swap(relevant_[i], relevant_[i + random_.below(relevant_.size() - i)]);
      size_t place = random_.below(grades_.size());
      while (grades_[place] != 0) place = random_.below(grades_.size());
      grades_[place] = relevant_[i];
    }
    return grades_;
  }

 private:
  size_t draw_hits() {
    double left = random_.uniform() * (1 - shares_.front());
    for (size_t hits = 1; hits < shares_.size(); ++hits) {
      left -= shares_[hits];
      if (left < 0 && shares_[hits] > 0) return hits;
    }
    return last_possible();
  }

  size_t last_possible() const {
    size_t hits = shares_.size() - 1;
    while (hits > 1 && shares_[hits] <= 0) --hits;
    return hits;
  }

  int64_t ranks_;
  Random random_;
  std::vector<int> relevant_;   ///< grades
  std::vector<double> shares_;  ///< by number of hits, from 0
  std::vector<int> grades_;
};

}  // namespace

std::vector<double> chance_means(const Qrels& qrels, int64_t pages, const std::string& metric,
                                 const Resampling& resampling) {
  std::vector<double> sums(static_cast<size_t>(std::max(0, resampling.permutations)), 0);
  uint64_t stream = kChanceStreams;
  for (const auto& [query, judgements] : qrels) {
    throw_if_interrupted();
    const QueryMetric measure(judgements, metric);
    RandomOrders orders(judgements, pages, measure.cutoff(), Random(resampling.seed, stream++));
    const auto count = static_cast<double>(sums.size());
    for (double at = orders.draw_misses(); at < count; at += 1 + orders.draw_misses()) {
      sums[static_cast<size_t>(at)] += measure.of_grades(orders.draw_grades());
    }
  }
  for (double& sum : sums) sum /= std::max<double>(1, static_cast<double>(qrels.size()));
  std::sort(sums.begin(), sums.end());
  return sums;
}

RandomisationTest chance_test(const std::vector<double>& sorted_means, double expected,
                              double mean) {
  const double far = std::abs(mean - expected) - kTolerance;
  const auto below = std::upper_bound(sorted_means.begin(), sorted_means.end(), expected - far) -
                     sorted_means.begin();
  const auto above = sorted_means.end() -
                     std::lower_bound(sorted_means.begin(), sorted_means.end(), expected + far);
  RandomisationTest test;
  test.exact = false;
  test.permutations = std::ssize(sorted_means);
  const double as_far =
      far <= 0 ? static_cast<double>(sorted_means.size()) : static_cast<double>(below + above);
  test.p = (1 + as_far) / (1 + static_cast<double>(test.permutations));
  return test;
}

}  // namespace recto
