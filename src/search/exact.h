#pragma once
// Exact nearest vectors by dot product (cosine, when vectors are L2-normalised).

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/matrix.h"

namespace recto {

struct Neighbour {
  int64_t row = 0;
  float score = 0;

  bool operator==(const Neighbour&) const = default;
};

/// Rows of vectors under ids, ready to be ranked. The vectors are borrowed and must outlive the
/// object. Thread-safe.
class ExactSearch {
 public:
  /// `vectors` is row-major [ids, dims].
  ExactSearch(std::span<const std::string> ids, const float* vectors, int64_t dims);

  int64_t rows() const { return rows_; }
  int64_t dims() const { return dims_; }
  /// Of each row among all in order of descending id.
  std::span<const int32_t> places() const { return place_; }

  /// For each row of `queries` [n, dims] the k best rows (all when there are fewer), best first,
  /// ties by id descending (UTF-8 bytes). A score that is not a number ranks last. The result does
  /// not depend on the other queries of the call nor on `threads`.
  std::vector<std::vector<Neighbour>> search(const Matrix& queries, int64_t k, int threads) const;

 private:
  const float* vectors_;
  int64_t rows_;
  int64_t dims_;
  std::vector<int32_t> place_;  ///< place of a row among all in order of descending id
};

}  // namespace recto
