#pragma once
// A step of training: which queries and pages it has.

#include <vector>

#include "learn/losses.h"
#include "learn/negative_choice.h"
#include "learn/training_data.h"

namespace recto {

/// Pages are listed once however many pairs share them.
struct ContrastiveBatch {
  std::vector<size_t> queries;    ///< of the data, one a pair
  std::vector<size_t> pages;      ///< of the data, without repetition
  std::vector<size_t> positives;  ///< one a pair, into `pages`
  std::vector<size_t> negatives;  ///< into `pages`
  std::vector<size_t> owners;     ///< of each negative, the pair it belongs to

  /// The pages of the data that stand in the columns of a loss: positives, then negatives.
  std::vector<size_t> documents() const;
};

/// The pairs of a step and the hard negatives of each of them.
ContrastiveBatch make_batch(const TrainingData& data, const std::vector<size_t>& pairs,
                            const NegativeLists& negatives);

/// Puts vectors [queries + pages, d], in the batch's order, where the losses want them, and tells
/// which negative belongs to whom.
void set_vectors(LossInput& input, const torch::Tensor& vectors, const ContrastiveBatch& batch);

}  // namespace recto
