#pragma once
// Whole training runs on a small model and dataset (tests only).

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/progress.h"
#include "engine/cpu_embedder.h"
#include "learn/torch_embedder.h"
#include "learn/train_test_support.h"
#include "learn/trainer.h"

namespace recto::test {

class TrainerTest : public testing::Test {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::kWarning);
    set_progress_shown(false);
    write_small_dataset(data());
  }
  std::filesystem::path data() const { return directory_.path() / "data"; }
  std::filesystem::path output(const std::string& name = "out") const {
    return directory_.path() / name;
  }
  TrainSettings settings(const std::string& name = "out") const {
    return quick_settings(data(), output(name));
  }

  static std::vector<Json> metrics(const std::filesystem::path& output) {
    std::vector<Json> lines;
    std::istringstream text(read_file(output / "metrics.jsonl"));
    for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
    return lines;
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

  TemporaryDirectory directory_;
};

}  // namespace recto::test
