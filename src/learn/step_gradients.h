#pragma once
// The loss of a step and its gradients. The model, the batch and the losses meet here and nowhere
// else: vectors of all inputs, the losses on them, and the way back (learn/grad_cache.h).

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "learn/batch_knowledge.h"
#include "learn/objective.h"
#include "learn/step_source.h"
#include "learn/temperature.h"
#include "learn/train_settings.h"
#include "model/contract.h"

namespace recto {

struct StepLoss {
  double value = 0;  ///< NaN or infinite when the loss is; then there are no gradients
  std::map<std::string, double> terms;  ///< of each loss before its weight, when there are several
  std::vector<std::string> idle;        ///< losses that had nothing to compare, the first time
  int64_t masked = 0;                   ///< queries × documents that are known to be no negatives
};

class StepGradients {
 public:
  /// References must outlive the object; chunk_size of `settings` is read at each step. Reads the
  /// tables of guide and teacher. Throws Error(kUsage) for losses and weights that cannot be meant,
  /// and what BatchKnowledge throws.
  StepGradients(const TrainSettings& settings, const Contract& contract, const TrainingData& data,
                RetrieverModel model);

  /// What the activations of the largest page take: a chunk may take chunk_size times as much. To
  /// be called before the first step.
  void set_page_bytes(uint64_t bytes) { page_bytes_ = bytes; }

  const BatchKnowledge& knowledge() const { return knowledge_; }
  /// What the losses themselves have to train, beside the model: the temperature, when it is
  /// learned.
  std::optional<NamedParameter> parameter() const { return temperature_.parameter(); }
  /// To be called after each step of the optimiser.
  void stepped() { temperature_.clamp(); }
  /// Of the next step; nothing when it is fixed.
  std::optional<double> learned_temperature() const;

  /// The loss of step `step` (from 0), and its gradients added to those of the parameters. Dropout
  /// depends on the seed, the step and the place of an input among queries and pages of the step
  /// alone. Warns of a loss that has nothing to compare, the first time. Throws Error(kInterrupted)
  /// between chunks.
  StepLoss compute(const PreparedStep& prepared, int64_t step);

 private:
  std::vector<Sequence> sequences(const PreparedStep& prepared, int64_t step) const;
  LossInput loss_input(const torch::Tensor& vectors, const ContrastiveBatch& batch) const;
  /// Losses with nothing to compare that were not warned of before.
  std::vector<std::string> warn_of_nothing(const LossInput& input, int64_t step);

  const TrainSettings& settings_;
  const TrainingData& data_;
  RetrieverModel model_;
  uint64_t page_bytes_ = 0;
  Objective objective_;
  BatchKnowledge knowledge_;
  Temperature temperature_;
  std::set<LossKind> warned_;
};

}  // namespace recto
