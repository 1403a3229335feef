#pragma once
// AdamW and gradient clipping.

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
  double weight_decay = 0.01;  ///< of every parameter, but for groups that do not decay
};

/// Parameters that are stepped alike.
struct ParameterGroup {
  double lr_factor = 1;  ///< of the learning rate
  bool decays = true;
  std::vector<size_t> members;  ///< places in the list of parameters
};

/// Adam with decoupled weight decay [Loshchilov and Hutter 2019], as torch.optim.AdamW computes it.
/// A parameter without a gradient is left alone.
class AdamW {
 public:
  /// Every parameter is in one of `groups`; without groups, those that decay are in
  /// one and the others in another.
  AdamW(std::vector<NamedParameter> parameters, const AdamWSettings& settings,
        std::vector<ParameterGroup> groups = {});

  void zero_gradients();
  /// Scales all gradients so that their joint L2 norm is at most `maximum`. Returns the norm
  /// before, which is NaN or infinite when a gradient is (then nothing is scaled).
  double clip_gradients(double maximum);
  void step(double learning_rate);
  /// What step(1) steps the fastest group with.
  double largest_lr_factor() const;

  const std::vector<NamedParameter>& parameters() const { return parameters_; }

  /// The state for a checkpoint: "first.NAME", "second.NAME" shaped as the parameter, "steps.NAME"
  /// [1]. The tensors are the optimiser's own: writing to them restores a state.
  std::vector<NamedParameter> state() const;

 private:
  void step(const ParameterGroup& group, double learning_rate);

  std::vector<NamedParameter> parameters_;
  AdamWSettings settings_;
  std::vector<ParameterGroup> groups_;
  std::vector<torch::Tensor> first_, second_, steps_;
};

}  // namespace recto
