// Gradients of the model and optimiser steps against the reference values.

#include <gtest/gtest.h>

#include "learn/optimizer.h"
#include "learn/schedule.h"
#include "learn/training_golden_support.h"

namespace recto {
namespace {

using test::Training;
using test::trainings;

TEST(LearnGolden, GradientOfEveryParameter) {
  test::GoldenSections sections;
  for (const Training& training : trainings("grads_full_infonce.safetensors", sections)) {
    RetrieverModel model = training.golden.load();
    const torch::Tensor loss = training.loss(model);
    const std::string name = "infonce_tau" + dump_json(training.cases["tau"]);
    EXPECT_NEAR(loss.item<double>(), training.cases["losses"][name].get<double>(), 2e-4);
    loss.backward();
    const SafetensorsFile want(training.folder / "grads_full_infonce.safetensors");
    size_t compared = 0;
    for (const auto& entry : model->named_parameters()) {
      if (entry.key().find("vision_model") == 0 &&
          entry.key().find("k_proj.bias") != std::string::npos) {
        continue;  // mathematically zero: rounding noise only
      }
      ASSERT_TRUE(want.contains(entry.key())) << entry.key();
      ASSERT_TRUE(entry.value().grad().defined()) << entry.key();
      EXPECT_LE(test::relative_difference(entry.value().grad(), test::tensor_of(want, entry.key())),
                1e-4)
          << entry.key();
      ++compared;
    }
    EXPECT_EQ(compared + static_cast<size_t>(training.golden.config.vision.num_hidden_layers),
              want.tensors().size());
    sections.tested();
  }
  sections.finish();
}

/// The adapters that lora_infonce.safetensors starts from, put on the model; only they are trained.
void attach_initial(RetrieverModel& model, const Training& training, const SafetensorsFile& file) {
  for (torch::Tensor& parameter : model->parameters()) parameter.set_requires_grad(false);
  const Json& lora = training.cases["lora"];
  const int rank = lora["r"];
  const torch::NoGradGuard no_grad;
  for (auto& [path, linear] : model->linears()) {
    const std::string a = "init." + path + ".lora_A.weight";
    if (!file.contains(a)) continue;
    linear->attach({rank, lora["alpha"].get<double>() / rank, 0, false});
    linear->lora_a->weight.copy_(test::tensor_of(file, a));
    linear->lora_b->weight.copy_(test::tensor_of(file, "init." + path + ".lora_B.weight"));
  }
}

std::vector<NamedParameter> trained_parameters(RetrieverModel& model) {
  std::vector<NamedParameter> trained;
  for (const auto& entry : model->named_parameters()) {
    if (entry.value().requires_grad()) trained.push_back({entry.key(), entry.value()});
  }
  return trained;
}

TEST(LearnGolden, GradientOfEveryAdapter) {
  test::GoldenSections sections;
  for (const Training& training : trainings("lora_infonce.safetensors", sections)) {
    const SafetensorsFile file(training.folder / "lora_infonce.safetensors");
    RetrieverModel model = training.golden.load();
    attach_initial(model, training, file);
    training.loss(model).backward();
    const std::vector<NamedParameter> trained = trained_parameters(model);
    int64_t count = 0;
    for (const NamedParameter& parameter : trained) {
      EXPECT_LE(test::relative_difference(parameter.value.grad(),
                                          test::tensor_of(file, "grad." + parameter.name)),
                1e-4)
          << parameter.name;
      count += parameter.value.numel();
    }
    EXPECT_EQ(count, training.cases["lora"]["trainable"].get<int64_t>());
    sections.tested();
  }
  sections.finish();
}

/// Runs the steps of `log` and compares losses, norms and learning rates.
void run_steps(RetrieverModel& model, const Training& training, const Json& log) {
  const Json& settings = training.cases["adamw"];
  AdamW optimizer(trained_parameters(model), {settings["betas"][0], settings["betas"][1],
                                              settings["eps"], settings["weight_decay"]});
  const int steps = static_cast<int>(log.size()) - 1;
  for (int step = 0; step < steps; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    const Json& want = log[static_cast<size_t>(step)];
    const double rate = settings["lr"].get<double>() *
                        schedule_factor(static_cast<double>(step) / steps, 2.0 / steps);
    EXPECT_NEAR(rate, want["lr"].get<double>(), 1e-12);
    optimizer.zero_gradients();
    const torch::Tensor loss = training.loss(model);
    EXPECT_NEAR(loss.item<double>(), want["loss"].get<double>(), 2e-4);
    loss.backward();
    const double norm = optimizer.clip_gradients(settings["clip"]);
    const double want_norm = want["grad_norm_before_clip"];
    EXPECT_NEAR(norm, want_norm, 1e-3 * want_norm);
    optimizer.step(rate);
  }
  const torch::NoGradGuard no_grad;
  EXPECT_NEAR(training.loss(model).item<double>(), log.back()["loss_after"].get<double>(), 2e-4);
}

void expect_parameters(RetrieverModel& model, const SafetensorsFile& want,
                       const Json& sensitivity) {
  const auto parameters = model->named_parameters();
  for (const auto& [name, view] : want.tensors()) {
    ASSERT_NE(parameters.find(name), nullptr) << name;
    const double rounding = sensitivity.contains(name) ? sensitivity[name].get<double>() : 0;
    EXPECT_LE(test::largest_difference(parameters[name], to_tensor(view)),
              std::max(5e-5, 10 * rounding))
        << name;
  }
}

TEST(LearnGolden, AdamWOnEveryParameter) {
  test::GoldenSections sections;
  for (const Training& training : trainings("adamw_full_final_params.safetensors", sections)) {
    sections.tested();
    RetrieverModel model = training.golden.load();
    const Json& full = training.cases["adamw"]["full"];
    run_steps(model, training, full["log"]);
    expect_parameters(model,
                      SafetensorsFile(training.folder / "adamw_full_final_params.safetensors"),
                      full["rounding_sensitivity"]["kept_params_max_abs_diff"]);
    const auto parameters = model->named_parameters();
    for (const auto& [name, sums] : full["checksums"].items()) {
      if (name.find("k_proj.bias") != std::string::npos) continue;
      const double want = sums["l2"];
      EXPECT_NEAR(parameters[name].norm().item<double>(), want, 1e-4 * std::max(1.0, want)) << name;
    }
  }
  sections.finish();
}

TEST(LearnGolden, AdamWOnAdapters) {
  test::GoldenSections sections;
  for (const Training& training : trainings("adamw_lora_final_params.safetensors", sections)) {
    if (!sections.has(training.folder / "lora_infonce.safetensors")) continue;
    sections.tested();
    RetrieverModel model = training.golden.load();
    attach_initial(model, training, SafetensorsFile(training.folder / "lora_infonce.safetensors"));
    run_steps(model, training, training.cases["adamw"]["lora"]["log"]);
    expect_parameters(model,
                      SafetensorsFile(training.folder / "adamw_lora_final_params.safetensors"),
                      Json::object());
  }
  sections.finish();
}

}  // namespace
}  // namespace recto
