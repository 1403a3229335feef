#pragma once
// The loss of a step and its gradients. The model, the batch and the loss meet here and nowhere
// else: vectors of all inputs, the loss on them, and the way back (learn/grad_cache.h).

#include <cstdint>

#include "learn/optimizer.h"
#include "learn/process_group.h"
#include "learn/step_source.h"
#include "learn/train_settings.h"
#include "model/contract.h"

namespace recto {

struct StepLoss {
  double value = 0;  ///< NaN or infinite when the loss is; then there are no gradients
};

class StepGradients {
 public:
  /// References must outlive the object; chunk_size of `settings` is read at each step.
  /// `page_bytes` are the activations of the largest page. Throws Error(kUsage) for a loss there is
  /// not.
  StepGradients(const TrainSettings& settings, const Contract& contract, const TrainingData& data,
                RetrieverModel model, uint64_t page_bytes, ProcessGroup& group);

  /// The loss of step `step` (from 0), and its gradients as those of `parameters`, which have none
  /// yet. Dropout depends on the seed, the step and the place of an input among queries and pages
  /// of the step alone. With several processes each encodes its part of the step, all compute the
  /// loss of the whole on the vectors of all, and the gradients are the sums over the parts; they
  /// and the loss are the same in every process. Throws Error(kInterrupted) between chunks, and
  /// what the group throws.
  StepLoss compute(const PreparedStep& prepared, int64_t step,
                   const std::vector<NamedParameter>& parameters);

 private:
  std::vector<Sequence> sequences(const PreparedStep& prepared, int64_t step) const;
  /// Vectors [queries + pages, d] of the whole step, a leaf, from those of this process's part.
  torch::Tensor vectors_of_all(const torch::Tensor& own, const PreparedStep& prepared);
  /// Loss and gradients of the parameters as far as this process computes them.
  double own_gradients(const PreparedStep& prepared, int64_t step,
                       const std::vector<NamedParameter>& parameters);
  /// A number, with a graph down to `vectors` [queries + pages, d].
  torch::Tensor loss(const torch::Tensor& vectors, const ContrastiveBatch& batch) const;

  const TrainSettings& settings_;
  const Contract& contract_;
  const TrainingData& data_;
  RetrieverModel model_;
  uint64_t page_bytes_;
  ProcessGroup& group_;
  LossKind kind_;
};

}  // namespace recto
