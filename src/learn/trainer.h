#pragma once
// A training run, from a model and a dataset to a model directory.

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>

#include "learn/feature_counts.h"
#include "learn/held_out_result.h"
#include "learn/train_settings.h"

namespace recto {

struct TrainResult {
  int rank = 0;         ///< of this process among those of the training
  int64_t steps = 0;    ///< done in all, earlier runs of the same training included
  int64_t skipped = 0;  ///< of this run, because the loss or a gradient was not a number
  double last_loss = std::numeric_limits<double>::quiet_NaN();  ///< of this run
  double pairs_per_second = 0;  ///< of this run, evaluation and reading of the model not counted
  std::optional<HeldOutResult> before, after;
  std::optional<FeatureCounts> features;  ///< of this run, when the vision tower is frozen
};

/// Called after each step with the number of steps done and its loss.
using StepObserver = std::function<void(int64_t step, double loss)>;

/// Trains as `settings` says and writes into settings.output: the model with merged weights, so
/// that the directory is itself a model; adapter/ in PEFT's layout (LoRA); checkpoints/;
/// metrics.jsonl, and tensorboard/ and train_report.html made from it; train.json. What needs
/// memory is said on stderr first.
///
/// The same settings, model, data, machine type and number of threads give the same bytes (but for
/// times and speeds in metrics.jsonl and what is made from it, and unless max_seconds ends the
/// run), interrupted and resumed or not. A step whose loss or gradient is not a finite number is
/// skipped and said; five in a row end the run with Error(kInternal). SIGINT and SIGTERM write a
/// checkpoint and end it with Error(kInterrupted). However it ends, the report is written.
///
/// Several processes that the environment joins (learn/rendezvous.h) divide each step among them;
/// loss and weights are those of one process to the precision of fp32. The first of them alone
/// writes. When one is interrupted, fails or is lost, all end with an error that says so within
/// settings.dist_timeout, and a checkpoint is written if the first is there.
///
/// Throws Error(kUsage) for settings that cannot be meant, an output directory that is not empty
/// (without resume) or has no checkpoint (with it), and what opening model and data throws.
TrainResult train(const TrainSettings& settings, const StepObserver& observer = {});

}  // namespace recto
