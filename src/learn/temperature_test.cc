#include "learn/temperature.h"

#include <gtest/gtest.h>

#include <cmath>

#include "learn/train_settings.h"

namespace recto {
namespace {

TEST(TemperatureTest, AFixedOneIsANumber) {
  const Temperature temperature(0.02, false, torch::kCPU);
  LossInput input;
  temperature.set(input);
  EXPECT_EQ(input.temperature, 0.02);
  EXPECT_FALSE(input.learned_temperature.defined());
  EXPECT_FALSE(temperature.parameter());
  EXPECT_EQ(temperature.value(), 0.02);
}

TEST(TemperatureTest, ALearnedOneHasTheGradientOfItsLogarithm) {
  const Temperature temperature(0.05, true, torch::kCPU);
  LossInput input;
  temperature.set(input);
  (3 / input.learned_temperature).backward();  // d(3/t)/d(log t) = -3/t
  EXPECT_NEAR(temperature.parameter()->value.grad().item<double>(), -60, 1e-3);
  EXPECT_NEAR(temperature.value(), 0.05, 1e-8);
  EXPECT_EQ(temperature.parameter()->name, "log_temperature");
}

TEST(TemperatureTest, ItStaysBetweenItsLimits) {
  Temperature temperature(0.05, true, torch::kCPU);
  const torch::NoGradGuard no_grad;
  torch::Tensor parameter = temperature.parameter()->value;
  for (const double low_or_high : {-20.0, 20.0}) {
    parameter.fill_(low_or_high);
    temperature.clamp();
    EXPECT_NEAR(temperature.value(), low_or_high < 0 ? kLeastTemperature : kMostTemperature, 1e-8);
  }
  parameter.fill_(std::log(0.3));
  temperature.clamp();
  EXPECT_NEAR(temperature.value(), 0.3, 1e-7);
}

TEST(TemperatureTest, WeightDecayLeavesItAlone) {
  const Temperature temperature(0.05, true, torch::kCPU);
  const torch::Tensor weight = torch::ones({1}).requires_grad_();
  AdamW optimizer({*temperature.parameter(), {"weight", weight}}, {.weight_decay = 0.5});
  for (const NamedParameter& parameter : optimizer.parameters()) {
    parameter.value.mutable_grad() = torch::zeros({1});
  }
  optimizer.step(0.1);
  EXPECT_NEAR(temperature.value(), 0.05, 1e-8);
  EXPECT_NEAR(weight.item<double>(), 0.95, 1e-6);
}

}  // namespace
}  // namespace recto
