#pragma once
// Which state of the parameters becomes the model: the last one, the best on what is held out, or
// the mean of the best. OUTPUT/best/step-00000120/ has the trained parameters
// (parameters.safetensors) of each of the best steps, and their measurement (measurement.json).

#include <cstdint>
#include <filesystem>
#include <set>
#include <vector>

#include "learn/best_steps.h"
#include "learn/held_out_result.h"
#include "learn/optimizer.h"
#include "learn/process_group.h"
#include "learn/train_settings.h"

namespace recto {

class Selection {
 public:
  /// `parameters` are those that are trained; their tensors are shared. Every process of `group`
  /// makes the same calls, but for clean(); rank 0 alone touches files.
  Selection(const TrainSettings& settings, std::vector<NamedParameter> parameters,
            ProcessGroup& group);

  /// Takes in a measurement after `step` steps (not the one before the first), and keeps the
  /// parameters as they are when it is among the best. Throws Error(kIo).
  void measured(int64_t step, const HeldOutResult& result);
  /// Whether --early-stopping ends the training.
  bool exhausted() const { return steps_.exhausted(); }

  /// Goes into each checkpoint.
  Json state() const { return steps_.to_json(); }
  void restore(const Json& state, const std::string& where);
  /// Removes the parameters of steps that neither this run nor one of its checkpoints needs, which
  /// a run that goes on from the checkpoint before the last still might.
  void clean() const;

  /// What becomes the model.
  struct Chosen {
    std::vector<int64_t> steps;           ///< one, or those whose mean it is
    std::optional<HeldOutResult> result;  ///< as it was measured; none for a mean, or the last step
  };
  /// Puts the chosen state into the parameters, the same in every process. Throws Error(kBadInput)
  /// for a file that is damaged, and what the group throws.
  Chosen choose(int64_t last_step) const;
  /// For train.json.
  Json to_json(const Chosen& chosen) const;

 private:
  std::filesystem::path directory(int64_t step) const;
  /// Reads the parameters of these steps, or their mean; the result is that of the first.
  HeldOutResult read(const std::vector<int64_t>& steps) const;

  const TrainSettings& settings_;
  std::vector<NamedParameter> parameters_;
  ProcessGroup& group_;
  BestSteps steps_;
};

}  // namespace recto
