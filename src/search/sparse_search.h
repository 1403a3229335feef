#pragma once
// Exact ranking of sparse vectors: an inverted index in memory over weights of tokens.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/sparse_vector.h"
#include "search/exact.h"

namespace recto {

/// Pages w by their weights on the tokens of a query q. With N pages,
///   score(q, w) = sum over t of idf(t) q_t w_t / (|idf q| sqrt(|w|)), lengths in L2,
///   idf(t) = ln((N + 1) / (f(t) + 1)),
///   f(t) = sum over pages of 1 - exp(-(exp(w_t) - 1) / gain),
/// the expected number of pages that have t when (exp(w_t) - 1) / gain is the mean of a Poisson
/// count of t (model/sparse_head.h). Immutable after construction; thread-safe.
class SparseSearch {
 public:
  /// `pages` are those of `ids`, in order. Neither is needed afterwards. `gain` is that of their
  /// weights (SparseOutput::gain).
  SparseSearch(std::span<const std::string> ids, std::span<const SparseVector> pages, int gain = 1);

  int64_t rows() const { return static_cast<int64_t>(place_.size()); }
  /// 0 for a token that is on every page, or on none.
  float idf(int32_t token) const;

  /// The score of every row; 0 for one that shares no token of an idf above 0 with the query.
  std::vector<float> scores(const SparseVector& query) const;
  /// The k best rows with a score above 0, best first, ties by id descending as ExactSearch has it.
  std::vector<Neighbour> search(const SparseVector& query, int64_t k) const;

 private:
  struct Posting {
    int32_t row;
    float weight;  ///< over the square root of the row's length
  };

  void set_idf(std::span<const SparseVector> pages, int gain);
  void fill(std::span<const SparseVector> pages);

  std::vector<int32_t> place_;     ///< of a row among all in order of descending id
  std::vector<float> idf_;         ///< by token
  std::vector<int64_t> first_;     ///< [tokens + 1], into postings_
  std::vector<Posting> postings_;  ///< by token, then by row
};

}  // namespace recto
