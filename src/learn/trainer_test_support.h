#pragma once
// Whole training runs on a small model and dataset (tests only).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/cpu_embedder.h"
#include "learn/torch_embedder.h"
#include "learn/train_test_support.h"
#include "learn/trainer.h"

namespace recto::test {

class TrainerTest : public SmallTrainingTest {
 protected:
  TrainSettings settings(const std::string& name = "out") const {
    return quick_settings(data(), output(name));
  }

  /// Both embedders read the trained directory and agree.
  static Matrix vectors(const std::filesystem::path& model_path) {
    const auto model = ModelDirectory::open(model_path, {}, {}, /*verify_weights=*/true);
    const std::vector<ModelInput> inputs = {model->inputs().query("river 0 a"),
                                            model->inputs().document(striped_page(0))};
    const Matrix engine = make_cpu_embedder(model, {.threads = 1})->embed(inputs);
    const Matrix torch = make_torch_embedder(model, {.threads = 1})->embed(inputs);
    for (size_t i = 0; i < engine.values.size(); ++i) {
      EXPECT_NEAR(engine.values[i], torch.values[i], 2e-5);
    }
    return engine;
  }
};

/// Settings that a training refuses.
struct BadSettings {
  const char* name;
  std::function<void(TrainSettings&)> change;
  ErrorCode code;
  const char* message;
};

class RefusedSettingsTest : public TrainerTest, public testing::WithParamInterface<BadSettings> {
 protected:
  /// That they are, before anything is written.
  void expect_refused() {
    TrainSettings bad = settings();
    GetParam().change(bad);
    const Error error = error_of([&] { train(bad); });
    EXPECT_EQ(error.code(), GetParam().code) << error.what();
    EXPECT_THAT(error.what(), testing::HasSubstr(GetParam().message));
    EXPECT_FALSE(std::filesystem::exists(output()));
  }
};

}  // namespace recto::test
