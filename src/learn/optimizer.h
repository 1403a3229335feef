#pragma once
// AdamW, gradient clipping and the learning-rate schedule.

#include <functional>
#include <string>
#include <vector>

#include "learn/torch.h"

namespace recto {

struct NamedParameter {
  std::string name;
  torch::Tensor value;
  bool decays = true;  ///< whether weight decay pulls it to 0
};

struct AdamWSettings {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;  ///< of every parameter that decays
};

/// Adam with decoupled weight decay [Loshchilov and Hutter 2019], as torch.optim.AdamW computes it.
/// A parameter without a gradient is left alone.
class AdamW {
 public:
  AdamW(std::vector<NamedParameter> parameters, const AdamWSettings& settings);

  void zero_gradients();
  /// Scales all gradients so that their joint L2 norm is at most `maximum`. Returns the norm
  /// before, which is NaN or infinite when a gradient is (then nothing is scaled).
  double clip_gradients(double maximum);
  void step(double learning_rate);

  const std::vector<NamedParameter>& parameters() const { return parameters_; }

  /// The state for a checkpoint: "first.NAME", "second.NAME" shaped as the parameter, "steps.NAME"
  /// [1]. The tensors are the optimiser's own: writing to them restores a state.
  std::vector<NamedParameter> state() const;

 private:
  void step(double learning_rate, double weight_decay, bool decaying);

  std::vector<NamedParameter> parameters_;
  AdamWSettings settings_;
  std::vector<torch::Tensor> first_, second_, steps_;
};

/// Factor of the learning rate at `progress` in [0, 1] of the training: linear from 0 over the
/// first `warmup` of it, then half a cosine to 0.
double schedule_factor(double progress, double warmup);

}  // namespace recto
