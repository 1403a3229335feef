#include "learn/temperature.h"

#include <cmath>

#include "learn/train_settings.h"

namespace recto {

Temperature::Temperature(double value, bool learned, const torch::Device& device) : fixed_(value) {
  if (!learned) return;
  log_ = torch::full({1}, std::log(value), torch::TensorOptions().dtype(torch::kFloat32))
             .to(device)
             .requires_grad_();
}

void Temperature::set(LossInput& input) const {
  input.temperature = fixed_;
  if (log_.defined()) input.learned_temperature = log_.exp();
}

std::optional<NamedParameter> Temperature::parameter() const {
  if (!log_.defined()) return std::nullopt;
  return NamedParameter{"log_temperature", log_, /*decays=*/false};
}

void Temperature::clamp() {
  if (!log_.defined()) return;
  const torch::NoGradGuard no_grad;
  log_.clamp_(std::log(kLeastTemperature), std::log(kMostTemperature));
}

double Temperature::value() const {
  return log_.defined() ? std::exp(log_.item<double>()) : fixed_;
}

}  // namespace recto
