#pragma once
// Hard negatives out of the vectors of a model in training, by the rules of curate/negatives.h.
// Without torch.

#include <memory>
#include <optional>
#include <utility>

#include "base/matrix.h"
#include "learn/negative_choice.h"
#include "learn/training_data.h"

namespace recto {

struct MiningSettings {
  int per_query = 8;   ///< most negatives of a query
  int first_rank = 1;  ///< places among the pages of the source without the query's answers
  int last_rank = 50;
  double max_ratio = 0.95;          ///< of the lowest score of an answer (NV-Retriever)
  std::optional<double> max_score;  ///< whatever the answer's score
  int threads = 1;
};

/// Searches the pages of a query's source. What is no negative: an answer of the query or of one of
/// the same words, a page of an answer's near-duplicate group or whose picture looks like it, a
/// blank page, and one under the same heading (as far as queries of the kind "heading" say which).
class NegativeMiner {
 public:
  /// Keeps what it needs of `data`. Throws Error(kUsage) for settings that cannot be meant.
  NegativeMiner(const TrainingData& data, const MiningSettings& settings);
  ~NegativeMiner();
  NegativeMiner(const NegativeMiner&) = delete;
  NegativeMiner& operator=(const NegativeMiner&) = delete;

  /// Negatives of each query of the data, best first, from unit vectors `queries` [queries, d] and
  /// `pages` [pages, d] in the data's order. The same whatever `threads` is. Throws
  /// Error(kInterrupted).
  NegativeLists mine(const Matrix& queries, const Matrix& pages) const;

 private:
  struct Source;
  MiningSettings settings_;
  size_t queries_;
  std::vector<std::unique_ptr<const Source>> sources_;
};

}  // namespace recto
