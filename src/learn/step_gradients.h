#pragma once
// The loss of a step and its gradients. The model, the batch and the losses meet here and nowhere
// else: vectors of all inputs, the losses on them, and the way back (learn/grad_cache.h).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "learn/batch_knowledge.h"
#include "learn/objective.h"
#include "learn/optimizer.h"
#include "learn/process_group.h"
#include "learn/sparse_objective.h"
#include "learn/step_source.h"
#include "learn/temperature.h"
#include "learn/train_settings.h"
#include "model/contract.h"

namespace recto {

struct StepLoss {
  double value = 0;        ///< NaN or infinite when the loss is; then there are no gradients
  double page_cosine = 0;  ///< mean over pairs of different pages of the step
  std::map<std::string, double> terms;  ///< of each loss before its weight, when there are several
  std::vector<std::string> idle;        ///< losses that had nothing to compare
  size_t documents = 0;                 ///< columns of the scores: positives and hard negatives
  int64_t masked = 0;                   ///< queries × documents that are known to be no negatives
};

class StepGradients {
 public:
  /// References must outlive the object; chunk_size of `settings` is read at each step. Reads the
  /// tables of guide and teacher. `page_cost` is that of the largest page (MemoryEstimate::page): a
  /// chunk may cost chunk_size times as much. Throws Error(kUsage) for losses and weights that
  /// cannot be meant, and what BatchKnowledge throws.
  StepGradients(const TrainSettings& settings, const Contract& contract, const TrainingData& data,
                RetrieverModel model, uint64_t page_cost, ProcessGroup& group);

  /// The loss of the sparse output joins the others with settings.sparse_weight. `sparse` must
  /// outlive the object.
  void add_sparse(const SparseObjective* sparse) { sparse_ = sparse; }
  const BatchKnowledge& knowledge() const { return knowledge_; }
  /// What the losses themselves have to train, beside the model: the temperature, when it is
  /// learned.
  std::optional<NamedParameter> parameter() const { return temperature_.parameter(); }
  /// To be called after each step of the optimiser.
  void stepped() { temperature_.clamp(); }
  /// Of the next step; nothing when it is fixed.
  std::optional<double> learned_temperature() const;

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
  LossInput loss_input(const torch::Tensor& vectors, const ContrastiveBatch& batch) const;
  /// All losses of `outputs` [queries + pages, output_width] of the step; result.terms and
  /// result.value of them.
  torch::Tensor total_loss(const torch::Tensor& outputs, const LossInput& input,
                           const ContrastiveBatch& batch, StepLoss& result) const;
  std::vector<std::string> losses_with_nothing(const LossInput& input) const;
  /// Vectors [queries + pages, d] of the whole step, a leaf, from those of this process's part.
  torch::Tensor vectors_of_all(const torch::Tensor& own, const PreparedStep& prepared);
  /// Loss and gradients of the parameters as far as this process computes them.
  StepLoss own_gradients(const PreparedStep& prepared, int64_t step,
                         const std::vector<NamedParameter>& parameters);

  const TrainSettings& settings_;
  RetrieverModel model_;
  uint64_t page_cost_;
  ProcessGroup& group_;
  Objective objective_;
  BatchKnowledge knowledge_;
  Temperature temperature_;
  const SparseObjective* sparse_ = nullptr;
};

}  // namespace recto
