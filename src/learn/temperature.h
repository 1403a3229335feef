#pragma once
// What similarities are divided by, fixed or learned.

#include <optional>

#include "learn/losses.h"
#include "learn/optimizer.h"

namespace recto {

class Temperature {
 public:
  /// `learned`: the logarithm of the temperature is a parameter on `device` that begins at
  /// log(value) [as CLIP's logit scale, Radford et al. 2021].
  Temperature(double value, bool learned, const torch::Device& device);

  /// Gives the temperature to a loss, with its graph when it is learned.
  void set(LossInput& input) const;
  /// "log_temperature" for the optimiser, without decay; nothing when it is fixed.
  std::optional<NamedParameter> parameter() const;
  /// Puts a learned temperature back between kLeastTemperature and kMostTemperature. Call after
  /// each step of the optimiser.
  void clamp();
  double value() const;

 private:
  double fixed_;
  torch::Tensor log_;  // [1], undefined when fixed
};

}  // namespace recto
