#pragma once
// The data of a training run, and which of it each step has.

#include <cstdint>
#include <utility>
#include <vector>

#include "learn/batch_sampler.h"
#include "learn/contrastive_batch.h"
#include "learn/negative_choice.h"
#include "learn/page_source.h"
#include "learn/process_group.h"
#include "learn/step_guard.h"
#include "learn/train_settings.h"
#include "learn/training_sources.h"

namespace recto {

/// A step with everything that can be made ready without the model.
struct PreparedStep {
  ContrastiveBatch batch;           ///< the whole of it, the same in every process
  Share own_queries, own_pages;     ///< of batch.queries and batch.pages: what this process encodes
  std::vector<ModelInput> queries;  ///< own_queries
  std::vector<PreparedPage> pages;  ///< own_pages
};

/// What is trained on, what is held out, and the steps made of it.
class StepSource {
 public:
  /// Opens the data of `settings`; references must outlive the object. Throws Error(kUsage) for a
  /// batch or a loss that the data cannot serve, and what opening the data throws.
  StepSource(const TrainSettings& settings, const ProcessGroup& group);

  const TrainingSources& sources() const { return sources_; }
  const TrainingData& train() const { return sources_.train(); }
  const TrainingData& held_out() const { return sources_.held_out(); }
  size_t batch_size() const { return sampler_.batch_size(); }
  int64_t steps_per_epoch() const { return sampler_.steps_per_epoch(); }

  /// The hard negatives of each query from here on; those of the data until then.
  void set_negatives(NegativeLists negatives) { negatives_ = std::move(negatives); }

  /// This process's part of step `step` (from 0) on up to `threads` threads; a function of the
  /// settings, the data, the hard negatives and the number. Not thread-safe. Throws what reading a
  /// page throws.
  PreparedStep prepare(int64_t step, const InputBuilder& builder, const PageSource& pages,
                       int threads);
  /// What the whole of a step is called.
  StepIds ids(const ContrastiveBatch& batch) const;

 private:
  /// How large page `page` of the data is cut in step `step`; 0 for the contract's longest edge.
  int longest_edge(int64_t step, size_t page) const;

  const TrainSettings& settings_;
  const ProcessGroup& group_;
  TrainingSources sources_;
  BatchSampler sampler_;
  NegativeLists negatives_;
};

}  // namespace recto
