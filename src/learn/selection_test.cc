// The best states of a training, and which of them becomes the model.

#include "learn/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/log.h"
#include "learn/checkpoint.h"
#include "learn/trainer_test_support.h"
#include "model/safetensors.h"

namespace recto {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::metrics_of;
using testing::HasSubstr;

class SelectionTest : public test::TrainerTest {
 protected:
  void SetUp() override {
    TrainerTest::SetUp();
    test::write_small_dataset(data_with_validation(), {.validation = true});
  }
  fs::path data_with_validation() const { return path("validated"); }

  /// Measured every second step of eight.
  TrainSettings measured(const std::string& name) const {
    TrainSettings run = settings(name);
    run.data = {data_with_validation().string()};
    run.lr = 2e-2;
    run.max_steps = 8;
    run.eval_queries = 10;
    run.eval_every = 2;
    run.keep_best = 2;
    run.checkpoint_every = 3;
    return run;
  }

  static std::vector<std::string> kept(const fs::path& output) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(output / "best")) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  /// nDCG@10 by step, as metrics.jsonl has it.
  static std::map<int64_t, double> course(const fs::path& output) {
    std::map<int64_t, double> values;
    for (const Json& line : metrics_of(output)) {
      if (line.contains("ndcg_at_10") && !line.contains("mean_of") && line["step"] != 0) {
        values[line["step"]] = line["ndcg_at_10"];
      }
    }
    return values;
  }
};

TEST_F(SelectionTest, TheBestStateBecomesTheModel) {
  const TrainResult result = train(measured("out"));
  const auto values = course(output());
  ASSERT_EQ(values.size(), 4u);
  int64_t best = 0;
  for (const auto& [step, value] : values) {
    if (best == 0 || value > values.at(best)) best = step;
  }
  const Json selection = read_json(output() / "train.json")["selection"];
  EXPECT_EQ(selection["chosen_steps"], Json::array({best}));
  EXPECT_EQ(selection["best"][0]["step"], best);
  EXPECT_EQ(selection["best"].size(), 2u);
  EXPECT_EQ(selection["stopped_early"], false);
  EXPECT_EQ(result.after->ndcg_at_10, values.at(best));
  // A run that ends at the best step, on the same schedule, gives the same model. The schedule
  // depends on the number of steps, so it must be constant.
  TrainSettings constant = measured("constant");
  constant.schedule = "constant";
  constant.warmup = 0;
  constant.keep_best = 1;
  train(constant);
  TrainSettings until_best = constant;
  until_best.output = output("until_best");
  until_best.max_steps =
      read_json(output("constant") / "train.json")["selection"]["chosen_steps"][0];
  until_best.keep_best = 0;
  train(until_best);
  EXPECT_EQ(read_file(output("constant") / "model.safetensors"),
            read_file(output("until_best") / "model.safetensors"));
}

TEST_F(SelectionTest, TheMeanOfTheBestBecomesTheModel) {
  TrainSettings run = measured("out");
  run.method = "full";
  run.lora_r.reset();
  run.lr = 1e-3;
  run.average_best = true;
  const TrainResult result = train(run);
  const Json selection = read_json(output() / "train.json")["selection"];
  ASSERT_EQ(selection["chosen_steps"].size(), 2u);
  const std::string name = "text_model.layers.0.mlp.up_proj.weight";
  std::vector<std::vector<float>> values;
  for (const Json& step : selection["chosen_steps"]) {
    const fs::path file = output() / "best" / fmt::format("step-{:08}", step.get<int64_t>()) /
                          "parameters.safetensors";
    values.push_back(to_float(SafetensorsFile(file).at(name)));
  }
  const auto model = ModelDirectory::open(output());
  const std::vector<float> mean = to_float(model->weights().at(name));
  for (size_t i = 0; i < mean.size(); ++i) {
    ASSERT_EQ(mean[i], static_cast<float>((static_cast<double>(values[0][i]) + values[1][i]) / 2));
  }
  const Json last = metrics_of(output()).back();
  EXPECT_EQ(last["mean_of"], selection["chosen_steps"]);
  EXPECT_EQ(last["ndcg_at_10"], result.after->ndcg_at_10);
  vectors(output());
}

TEST_F(SelectionTest, WithoutGainTheRunEndsEarly) {
  TrainSettings run = measured("out");
  run.lr = 1e-12;  // nothing moves, so no measurement is better than the first
  run.max_steps = 40;
  run.early_stopping = 3;
  EXPECT_EQ(train(run).steps, 8);
  const Json json = read_json(output() / "train.json");
  EXPECT_EQ(json["steps"], 8);
  EXPECT_EQ(json["selection"]["stopped_early"], true);
  EXPECT_EQ(json["selection"]["chosen_steps"], Json::array({2}));
}

TEST_F(SelectionTest, InterruptedAnywhereItChoosesTheSame) {
  TrainSettings whole = measured("whole");
  whole.average_best = true;
  train(whole);
  for (const int64_t stop : {1, 4, 5, 7}) {
    TrainSettings broken = whole;
    broken.output = output("broken" + std::to_string(stop));
    error_of([&] {
      train(broken, [stop](int64_t step, double) {
        if (step == stop) fail(ErrorCode::kIo, "the power went out");
      });
    });
    broken.resume = true;
    train(broken);
    EXPECT_EQ(read_file(fs::path(broken.output) / "model.safetensors"),
              read_file(output("whole") / "model.safetensors"))
        << stop;
    EXPECT_EQ(read_json(fs::path(broken.output) / "train.json")["selection"],
              read_json(output("whole") / "train.json")["selection"]);
    EXPECT_EQ(metrics_of(broken.output).size(), metrics_of(output("whole")).size());
    EXPECT_EQ(kept(broken.output), kept(output("whole")));
  }
}

TEST_F(SelectionTest, WhatACheckpointStillNeedsIsKept) {
  TrainSettings run = measured("out");
  run.keep_best = 1;
  error_of([&] {
    train(run, [](int64_t step, double) {
      if (step == 8) fail(ErrorCode::kIo, "the power went out");
    });
  });
  std::vector<std::string> needed;
  for (const fs::path& checkpoint : checkpoints_of(output())) {
    const CheckpointState state = read_checkpoint_state(checkpoint);
    for (const Json& best : state.results.at("selection").at("best")) {
      needed.push_back(fmt::format("step-{:08}", best["step"].get<int64_t>()));
    }
  }
  ASSERT_EQ(needed.size(), 2u);  // of steps 3 and 6
  EXPECT_THAT(kept(output()), testing::IsSupersetOf(std::set(needed.begin(), needed.end())));
}

TEST_F(SelectionTest, ADamagedStateIsNamed) {
  TrainSettings run = measured("out");
  run.keep_best = 1;
  run.lr = 1e-12;  // the first measurement stays the best
  error_of([&] {
    train(run, [&](int64_t step, double) {
      if (step == 8) fail(ErrorCode::kIo, "the power went out");
    });
  });
  for (const std::string& name : kept(output())) {
    fs::resize_file(output() / "best" / name / "parameters.safetensors", 100);
  }
  run.resume = true;
  const Error error = error_of([&] { train(run); });
  EXPECT_EQ(error.code(), ErrorCode::kBadInput);
  EXPECT_THAT(error.what(), HasSubstr("parameters.safetensors does not have the SHA-256"));
}

TEST(HeldOutResultTest, AModelThatBecameWorseIsSaid) {
  set_log_level(LogLevel::kWarning);
  const HeldOutResult before{.ndcg_at_10 = 0.5, .queries = 9};
  testing::internal::CaptureStderr();
  warn_when_worse(before, before);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  testing::internal::CaptureStderr();
  warn_when_worse(before, {.ndcg_at_10 = 0.25, .queries = 9});
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("on the 9 held-out queries the model is worse than the one the training "
                        "began with (nDCG@10 0.2500, before 0.5000)"));
}

TEST_F(SelectionTest, WithoutHeldOutQueriesItIsRefused) {
  const fs::path one = path("one");
  test::write_small_dataset(one, {.families = 1, .pages = 8});
  TrainSettings run = measured("out");
  run.data = {one.string()};
  const Error error = error_of([&] { train(run); });
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.what(), HasSubstr("--keep-best needs held-out queries"));
}

TEST_F(SelectionTest, WithoutHeldOutQueriesAWarningSaysWhatComesOfIt) {
  const fs::path one = path("one");
  test::write_small_dataset(one, {.families = 1, .pages = 8});
  TrainSettings run = test::quick_settings(one, output("out"));
  run.max_steps = 1;
  for (const int queries : {10, 0}) {
    fs::remove_all(run.output);
    run.eval_queries = queries;
    testing::internal::CaptureStderr();
    train(run);
    EXPECT_EQ(testing::internal::GetCapturedStderr().find("nothing watches this training") !=
                  std::string::npos,
              queries > 0);
  }
}

}  // namespace
}  // namespace recto
