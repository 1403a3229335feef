#pragma once
// A step of training: which queries and pages it has, and what is known not to be a negative.

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
};

/// The pairs of a step and the hard negatives of each of them.
ContrastiveBatch make_batch(const TrainingData& data, const std::vector<size_t>& pairs,
                            const NegativeLists& negatives);

/// [pairs, pairs + negatives], true where a document is no negative of a query: its own page again,
/// another page that answers it, a page of the same near-duplicate group, or the positive of the
/// same query text. The own positive is never masked.
torch::Tensor false_negative_mask(const TrainingData& data, const ContrastiveBatch& batch);

/// The input of a loss from vectors [queries + pages, d] in the batch's order.
LossInput loss_input(const torch::Tensor& vectors, const TrainingData& data,
                     const ContrastiveBatch& batch, double temperature);

}  // namespace recto
