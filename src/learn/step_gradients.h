#pragma once
// The loss of a step and its gradients. The model, the batch and the loss meet here and nowhere
// else: vectors of all inputs, the loss on them, and the way back (learn/grad_cache.h).

#include <cstdint>

#include "learn/step_source.h"
#include "learn/train_settings.h"
#include "model/contract.h"

namespace recto {

struct StepLoss {
  double value = 0;        ///< NaN or infinite when the loss is; then there are no gradients
  double page_cosine = 0;  ///< mean over pairs of different pages of the step
};

class StepGradients {
 public:
  /// References must outlive the object; chunk_size of `settings` is read at each step.
  /// `page_bytes` are the activations of the largest page. Throws Error(kUsage) for a loss there is
  /// not.
  StepGradients(const TrainSettings& settings, const Contract& contract, const TrainingData& data,
                RetrieverModel model, uint64_t page_bytes);

  /// The loss of step `step` (from 0), and its gradients added to those of the parameters. Dropout
  /// depends on the seed, the step and the place of an input among queries and pages of the step
  /// alone. Throws Error(kInterrupted) between chunks.
  StepLoss compute(const PreparedStep& prepared, int64_t step);

 private:
  std::vector<Sequence> sequences(const PreparedStep& prepared, int64_t step) const;
  /// A number, with a graph down to `vectors` [queries + pages, d].
  torch::Tensor loss(const torch::Tensor& vectors, const ContrastiveBatch& batch) const;

  const TrainSettings& settings_;
  const Contract& contract_;
  const TrainingData& data_;
  RetrieverModel model_;
  uint64_t page_bytes_;
  LossKind kind_;
};

}  // namespace recto
