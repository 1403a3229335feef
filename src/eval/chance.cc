#include "eval/chance.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "base/interrupt.h"
#include "base/random.h"

namespace recto {
namespace {

/// Means that differ by less are the same number, added up in another order.
constexpr double kTolerance = 1e-12;

/// Those before are of other resamplings (significance.cc).
constexpr uint64_t kExchangeStream = 3;

/// A query as the exchange sees it.
struct ExchangedQuery {
  std::vector<std::pair<uint32_t, int>> found;     ///< page and rank from 0, by page
  std::vector<std::pair<uint32_t, int>> relevant;  ///< place in the relevant pages, and grade
  std::unique_ptr<QueryMetric> measure;
};

class Exchange {
 public:
  Exchange(const Qrels& qrels, const Run& run, const std::vector<std::string>& page_ids,
           const std::string& metric)
      : pages_(page_ids.size()) {
    std::unordered_map<std::string, uint32_t> places;
    for (size_t i = 0; i < page_ids.size(); ++i) places.emplace(page_ids[i], i);
    std::unordered_map<std::string, uint32_t> relevant;
    for (const auto& [query, judgements] : qrels) {
      ExchangedQuery one;
      one.measure = std::make_unique<QueryMetric>(judgements, metric);
      cutoff_ = one.measure->cutoff();
      for (const auto& [page, grade] : judgements) {
        if (grade <= 0 || places.count(page) == 0) continue;
        const auto place = relevant.emplace(page, relevant.size()).first->second;
        one.relevant.emplace_back(place, grade);
      }
      if (const auto hits = run.find(query); hits != run.end()) {
        one.found = first_pages(hits->second, places);
      }
      queries_.push_back(std::move(one));
    }
    stands_for_.resize(relevant.size());
    all_.resize(pages_);
    std::iota(all_.begin(), all_.end(), uint32_t{0});
  }

  /// The mean after one exchange.
  double draw(Random& random) {
    // Which page stands for each relevant one: the first places of a random order of all.
    for (size_t i = 0; i < stands_for_.size(); ++i) {
      std::swap(all_[i], all_[i + random.below(pages_ - i)]);
      stands_for_[i] = all_[i];
    }
    double sum = 0;
    for (const ExchangedQuery& query : queries_) sum += value_of(query);
    return sum / static_cast<double>(queries_.size());
  }

 private:
  std::vector<std::pair<uint32_t, int>> first_pages(
      const std::vector<ScoredId>& hits,
      const std::unordered_map<std::string, uint32_t>& places) const {
    std::vector<std::pair<uint32_t, int>> found;
    const std::vector<std::string> ids = ranked_ids(hits);
    for (size_t rank = 0; rank < ids.size() && std::ssize(found) < cutoff_; ++rank) {
      found.emplace_back(places.at(ids[rank]), static_cast<int>(rank));
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  double value_of(const ExchangedQuery& query) {
    bool any = false;
    for (const auto& [place, grade] : query.relevant) {
      const uint32_t page = stands_for_[place];
      const auto hit = std::lower_bound(query.found.begin(), query.found.end(),
                                        std::pair<uint32_t, int>(page, 0));
      if (hit == query.found.end() || hit->first != page) continue;
      if (!std::exchange(any, true)) grades_.assign(static_cast<size_t>(cutoff_), 0);
      grades_[static_cast<size_t>(hit->second)] = grade;
    }
    return any ? query.measure->of_grades(grades_) : 0;
  }

  size_t pages_;
  int cutoff_ = 0;
  std::vector<ExchangedQuery> queries_;
  std::vector<uint32_t> all_;
  std::vector<uint32_t> stands_for_;  ///< by place in the relevant pages
  std::vector<int> grades_;
};

}  // namespace

std::vector<double> exchanged_means(const Qrels& qrels, const Run& run,
                                    const std::vector<std::string>& page_ids,
                                    const std::string& metric, const Resampling& resampling) {
  Exchange exchange(qrels, run, page_ids, metric);
  Random random(resampling.seed, kExchangeStream);
  std::vector<double> means;
  means.reserve(resampling.permutations);
  for (int i = 0; i < resampling.permutations; ++i) {
    throw_if_interrupted();
    means.push_back(exchange.draw(random));
  }
  std::sort(means.begin(), means.end());
  return means;
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
