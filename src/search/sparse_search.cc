#include "search/sparse_search.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "search/id_order.h"

namespace recto {

SparseSearch::SparseSearch(std::span<const std::string> ids, std::span<const SparseVector> pages,
                           int gain)
    : place_(descending_places(ids)) {
  RECTO_CHECK(ids.size() == pages.size() && gain > 0);
  set_idf(pages, gain);
  fill(pages);
}

void SparseSearch::set_idf(std::span<const SparseVector> pages, int gain) {
  int32_t tokens = 0;
  for (const SparseVector& page : pages) {
    if (!page.ids.empty()) tokens = std::max(tokens, page.ids.back() + 1);
  }
  std::vector<double> frequency(static_cast<size_t>(tokens));
  for (const SparseVector& page : pages) {
    for (size_t i = 0; i < page.ids.size(); ++i) {
      frequency[static_cast<size_t>(page.ids[i])] -=
          std::expm1(-std::expm1(double{page.weights[i]}) / gain);
    }
  }
  const auto count = static_cast<double>(pages.size());
  idf_.reserve(frequency.size());
  for (const double f : frequency) {
    idf_.push_back(f > 0 ? static_cast<float>(std::log((count + 1) / (f + 1))) : 0);
  }
}

void SparseSearch::fill(std::span<const SparseVector> pages) {
  first_.assign(idf_.size() + 1, 0);
  for (const SparseVector& page : pages) {
    for (const int32_t id : page.ids) ++first_[static_cast<size_t>(id) + 1];
  }
  for (size_t t = 1; t < first_.size(); ++t) first_[t] += first_[t - 1];
  postings_.resize(static_cast<size_t>(first_.back()));
  std::vector<int64_t> next(first_.begin(), first_.end() - 1);
  for (size_t row = 0; row < pages.size(); ++row) {
    const SparseVector& page = pages[row];
    double square = 0;
    for (const float weight : page.weights) square += double{weight} * weight;
    const double factor = square > 0 ? std::pow(square, -0.25) : 0;
    for (size_t i = 0; i < page.ids.size(); ++i) {
      const auto token = static_cast<size_t>(page.ids[i]);
      const auto weight = static_cast<float>(page.weights[i] * factor);
      postings_[static_cast<size_t>(next[token]++)] = {static_cast<int32_t>(row), weight};
    }
  }
}

float SparseSearch::idf(int32_t token) const {
  const bool known = token >= 0 && static_cast<size_t>(token) < idf_.size();
  return known ? idf_[static_cast<size_t>(token)] : 0;
}

std::vector<float> SparseSearch::scores(const SparseVector& query) const {
  std::vector<float> scores(place_.size());
  double square = 0;
  for (size_t i = 0; i < query.ids.size(); ++i) {
    const double value = double{query.weights[i]} * idf(query.ids[i]);
    square += value * value;
  }
  if (square <= 0) return scores;
  for (size_t i = 0; i < query.ids.size(); ++i) {
    const auto token = static_cast<size_t>(query.ids[i]);
    const auto weight =
        static_cast<float>(query.weights[i] * idf(query.ids[i]) / std::sqrt(square));
    if (weight == 0) continue;
    for (int64_t p = first_[token]; p < first_[token + 1]; ++p) {
      const Posting& posting = postings_[static_cast<size_t>(p)];
      scores[static_cast<size_t>(posting.row)] += weight * posting.weight;
    }
  }
  return scores;
}

std::vector<Neighbour> SparseSearch::search(const SparseVector& query, int64_t k) const {
  const std::vector<float> all = scores(query);
  std::vector<Neighbour> found;
  for (size_t row = 0; row < all.size(); ++row) {
    if (all[row] > 0) found.push_back({static_cast<int64_t>(row), all[row]});
  }
  keep_best(found, k, place_);
  return found;
}

}  // namespace recto
